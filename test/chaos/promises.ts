/** What First Call promises under faults, and which tests show it. */
export interface Promised {
  id: string
  /** What happens, and what holds all the same. */
  what: string
  /** Of the tests of a file, by the beginning of its path, those whose name fits. */
  tests: readonly (readonly [file: string, name?: RegExp])[]
}

export const PROMISES: readonly Promised[] = [
  {
    id: 'R1',
    what: 'Many servers get every call twice, in any order: each opportunity has its five attempts, 1 to 5, one per call.',
    tests: [['test/races.test.ts', /R1:|R1 /]],
  },
  {
    id: 'R2',
    what: 'Registering fails in any of 17 ways: the call is saved, the caller sees success, the attempt comes later.',
    tests: [
      ['test/faults.test.ts', /^R2/],
      ['test/pending.test.ts', /^R2/],
    ],
  },
  {
    id: 'R3',
    what: "Somebody holds an opportunity's row: calls are saved within half a second, the attempt comes within 5 s after.",
    tests: [['test/locked.test.ts']],
  },
  {
    id: 'R4',
    what: 'At the end of every fault nothing is pending within 60 s, and each eligible call has an attempt or a true reason.',
    tests: [['test/chaos/']],
  },
  {
    id: 'R5',
    what: 'Servers killed, connections reset, backends ended, under load: no acknowledged call is lost, nothing is wrong.',
    tests: [['test/chaos/load.test.ts'], ['test/chaos/checker.test.ts']],
  },
  {
    id: 'R6',
    what: 'A server is killed at each step of a call, of the sweep, of the mailbox, of the first start: nobody lifts a finger.',
    tests: [
      ['test/chaos/steps.test.ts'],
      ['test/mailbox-kills.test.ts'],
      ['test/mail-kills.test.ts', /^R6/],
      ['test/sync-runs.test.ts', /R6/],
      ['src/database/embedded.test.ts', /^after a kill/],
    ],
  },
  {
    id: 'R7',
    what: 'PostgreSQL is killed, all of it, its postmaster or a backend: nothing is lost, the services live and serve again.',
    tests: [['test/chaos/postgres-kills.test.ts', /R7/]],
  },
  {
    id: 'R8',
    what: 'What the PBX, its e-mails and persons tell of a call comes in any order: the same final state.',
    tests: [['test/zadarma-orders.test.ts']],
  },
  {
    id: 'R9',
    what: 'Random histories of everything that can be asked end as a naive model says that knows only the rules.',
    tests: [['test/histories.test.ts'], ['test/model.test.ts']],
  },
  {
    id: 'R10',
    what: 'Many requests at once with one Idempotency-Key have one effect and one answer.',
    tests: [['test/races.test.ts', /^R10/]],
  },
  {
    id: 'R11',
    what: 'A server is killed right after it answered a notification: each is stored, byte for byte, and handled once.',
    tests: [['test/kills.test.ts']],
  },
  {
    id: 'R12',
    what: 'The database is stopped or stalls: 503 with Retry-After within 2 s, and all is well again without a restart.',
    tests: [
      ['test/faults.test.ts', /^R12/],
      ['test/register.test.ts', /^R12/],
    ],
  },
  {
    id: 'R13',
    what: 'Without the check of revisions the database itself still refuses a sixth attempt and whatever contradicts itself.',
    tests: [['test/guards.test.ts'], ['test/races.test.ts', /R13/]],
  },
  {
    id: 'R14',
    what: 'Eight writers move calls both ways, close and reopen: no deadlock or serialisation failure reaches a client.',
    tests: [['test/chaos/moves.test.ts']],
  },
  {
    id: 'R15',
    what: 'The history sync is killed and run again, and runs beside live traffic: the state of one clean run.',
    tests: [['test/sync-kills.test.ts'], ['test/sync', /R15/]],
  },
  {
    id: 'R16',
    what: 'A tenth of the notifications is lost: one reconciliation restores them all.',
    tests: [['test/reconcile.test.ts', /R16/], ['test/simulated.test.ts']],
  },
  {
    id: 'R17',
    what: '50 notifications a second: 99 of 100 are answered within 250 ms, all within 2 s.',
    tests: [['test/steady.test.ts']],
  },
  {
    id: 'R18',
    what: 'The embedded database: services killed, two on one folder, the power cut, the disk full: nothing is lost.',
    tests: [
      ['test/chaos/postgres-kills.test.ts', /R18/],
      ['test/chaos/power-cuts.test.ts'],
      ['test/chaos/full-disk.test.ts'],
    ],
  },
  {
    id: 'R19',
    what: 'A SIGTERM under load: what was accepted is answered, the service is gone within 10 s.',
    tests: [['test/chaos/stops.test.ts'], ['test/outage.test.ts'], ['test/mail-kills.test.ts', /^R19/]],
  },
  {
    id: 'R20',
    what: 'Clocks wrong by 26 hours, other zones, summer time: numbers and waits are unharmed.',
    tests: [['test/chaos/clocks.test.ts']],
  },
  {
    id: 'R21',
    what: 'A mailbox whose connection breaks anywhere: each recording is attached once, none is missed.',
    tests: [['test/mailbox-faults.test.ts'], ['test/mailbox.test.ts']],
  },
  {
    id: 'R22',
    what: 'Hostile messages: calls are answered meanwhile, the reader goes on, what cannot be read is set aside.',
    tests: [['test/mail-hostile.test.ts']],
  },
]
