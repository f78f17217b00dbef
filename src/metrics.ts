import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What Prometheus may ask about the service. */
export interface Metrics {
  registry: Registry
  /** Seconds from a request of a door to its answer; 0.1 is the line that no call should cross (A10). */
  registering: Histogram<'door'>
  outcomes: Counter<'outcome'>
  /** Requests that were turned away before anybody knew whose they were, or because they were too many. */
  refused: Counter<'reason'>
  batchSize: Histogram
  retries: Counter
  notRegistered: Counter
  pending: Gauge
  oldestPendingSeconds: Gauge
  /** Messages of a door by what became of them at once. */
  messages: Counter<'door' | 'result'>
  /** Messages that were not handled at once, and so are handled from the inbox. */
  late: Counter<'door'>
  inbox: Gauge
  oldestInInboxSeconds: Gauge
  erasuresUnfinished: Gauge
  /** Tries at recordings by how they ended; one that is not there yet is none of them. */
  recordings: Counter<'status'>
  /** Calls that were found in the PBX's statistics, by what that was to them. */
  reconciled: Counter<'result'>
  /** Whether this server is to read a mailbox, if no other does. */
  mailboxExpected: Gauge
  /** Whether this server has the mailbox open; of several servers one has. */
  mailboxConnected: Gauge
  /** Messages of the mailbox by what became of them: read, or passed over. */
  mailboxMessages: Counter<'result'>
  /** In seconds since 1970: when all that is in the mailbox was last seen to be read. */
  mailboxLastLook: Gauge
  /** Of the calls of the last 24 hours: see the API's `/coverage`. */
  coverage: Record<'contradictions' | 'share' | 'eligible' | 'registered', Gauge>
  /** What e-mails told, found again later: calls joined with those of the PBX, and e-mails linked that waited for a person. */
  mailCalls: Counter<'result'>
}

/** Makes the metrics, in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const outcomes = new Counter({
    name: 'first_call_outcomes_total',
    help: 'Calls of all doors by what became of them, each time that this was decided otherwise than before.',
    labelNames: ['outcome'],
    registers,
  })
  // What is not there is no 0 to Prometheus, and nobody would be told that nothing is registered.
  outcomes.inc({ outcome: 'registered' }, 0)
  return {
    registry,
    registering: new Histogram({
      name: 'first_call_registering_seconds',
      help: 'Time from the request of a door to its answer.',
      labelNames: ['door'],
      buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
      registers,
    }),
    outcomes,
    refused: new Counter({
      name: 'first_call_refused_requests_total',
      help: 'Requests refused at the door: without a valid key, without a signature that fits, or too many.',
      labelNames: ['reason'],
      registers,
    }),
    batchSize: new Histogram({
      name: 'first_call_batch_size',
      help: 'Changes that were read, decided and written together.',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 1_000],
      registers,
    }),
    retries: new Counter({
      name: 'first_call_write_retries_total',
      help: 'Changes planned anew because what they rested on was locked or had changed.',
      registers,
    }),
    notRegistered: new Counter({
      name: 'first_call_not_registered_total',
      help: 'Calls that were saved although their attempt could not be registered at once.',
      registers,
    }),
    pending: new Gauge({ name: 'first_call_pending', help: 'Calls whose registering waits.', registers }),
    oldestPendingSeconds: new Gauge({
      name: 'first_call_oldest_pending_seconds',
      help: 'Age of the oldest call whose registering waits; 0 where none does.',
      registers,
    }),
    messages: new Counter({
      name: 'first_call_messages_total',
      help: 'Messages of the PBX and of mailboxes: accepted or refused.',
      labelNames: ['door', 'result'],
      registers,
    }),
    late: new Counter({
      name: 'first_call_late_messages_total',
      help: 'Messages that were stored, but not handled within a tenth of a second.',
      labelNames: ['door'],
      registers,
    }),
    inbox: new Gauge({ name: 'first_call_inbox', help: 'Messages that wait to be handled.', registers }),
    oldestInInboxSeconds: new Gauge({
      name: 'first_call_oldest_in_inbox_seconds',
      help: 'Age of the oldest message that waits to be handled; 0 where none does.',
      registers,
    }),
    erasuresUnfinished: new Gauge({
      name: 'first_call_erasures_unfinished',
      help: 'People whose erasing was asked for, and of whom something is still to be removed.',
      registers,
    }),
    recordings: new Counter({
      name: 'first_call_recordings_total',
      help: 'Recordings: fetched, failed at a try, or missing because they were given up.',
      labelNames: ['status'],
      registers,
    }),
    reconciled: new Counter({
      name: 'first_call_reconciled_calls_total',
      help: 'Calls found in the statistics of the PBX: new, changed, unchanged or failed.',
      labelNames: ['result'],
      registers,
    }),
    mailboxExpected: new Gauge({
      name: 'first_call_mailbox_expected',
      help: 'Whether a mailbox is set for this server (1).',
      registers,
    }),
    mailboxConnected: new Gauge({
      name: 'first_call_mailbox_connected',
      help: 'Whether this server has the mailbox open (1); of several servers one has.',
      registers,
    }),
    mailboxMessages: new Counter({
      name: 'first_call_mailbox_messages_total',
      help: 'Messages of the mailbox: read, or passed over because they could not be taken.',
      labelNames: ['result'],
      registers,
    }),
    mailboxLastLook: new Gauge({
      name: 'first_call_mailbox_last_look_timestamp_seconds',
      help: 'When everything in the mailbox was last read, as Unix time; 0 where this server has not done so.',
      registers,
    }),
    coverage: {
      contradictions: new Gauge({
        name: 'first_call_coverage_contradictions',
        help: 'Contradictions between calls and attempts in the last 24 hours.',
        registers,
      }),
      share: new Gauge({
        name: 'first_call_coverage_share',
        help: 'Of the calls of the last 24 hours that should be attempts, the share that is: 1 where nothing is missing.',
        registers,
      }),
      eligible: new Gauge({
        name: 'first_call_coverage_eligible',
        help: 'Outbound calls to contacts in the last 24 hours.',
        registers,
      }),
      registered: new Gauge({
        name: 'first_call_coverage_registered',
        help: 'Registered calls of the last 24 hours.',
        registers,
      }),
    },
    mailCalls: new Counter({
      name: 'first_call_mail_calls_total',
      help: 'Calls of e-mails joined later with those of the PBX, and waiting e-mails linked to their calls.',
      labelNames: ['result'],
      registers,
    }),
  }
}
