/** Whether it is the system's fault, such as a full disk, and not the message's. */
export const isOfSystem = (error: unknown): boolean => error instanceof Error && 'syscall' in error
