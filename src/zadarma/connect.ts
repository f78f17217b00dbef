import { NOTIFICATIONS, type ZadarmaApi } from './api.ts'
import type { RequestOptions } from './client.ts'

/**
 * Sets where Zadarma sends its notifications, and switches on all that the API can. The address has to answer the echo
 * by then: Zadarma asks for it.
 *
 * @param webhook as {@link webhookUrl} gives it
 * @throws ZadarmaError
 */
export async function connectZadarma(api: ZadarmaApi, webhook: string, options: RequestOptions = {}): Promise<void> {
  await api.setCallInfoUrl(webhook, options)
  await api.setNotifications(Object.fromEntries(NOTIFICATIONS.map((name) => [name, true])), options)
}
