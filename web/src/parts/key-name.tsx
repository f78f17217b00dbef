import classes from './key-name.module.css'

/** The key that does the same, beside what a button says; where there is a keyboard. Screen readers know it by itself. */
export const KeyName = ({ children }: { children: string }) => (
  <span className={classes.key} aria-hidden="true">
    {children}
  </span>
)
