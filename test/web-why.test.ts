import { describe, expect, it } from 'vitest'
import { type Reasoned, whyOf } from '../web/src/parts/why.ts'

const HERE = '00000000-0000-4000-8000-000000000001'
const ELSEWHERE = '00000000-0000-4000-8000-000000000002'

type Outcome = Reasoned['attempt']['outcome']
const OUTCOMES: readonly Outcome[] = [
  'not_outbound',
  'not_a_contact',
  'unknown_contact',
  'registered',
  'limit_reached',
  'first_call_completed',
  'no_open_opportunity',
  'pending',
]

const call = (
  outcome: Outcome,
  given: Partial<Reasoned> & { number?: number | null; at?: string | null } = {},
): Reasoned => {
  const { number = null, at = null, ...rest } = given
  return {
    attempt: { outcome, opportunity_id: at, number, status: number === null ? null : 'orange' },
    link: null,
    phone_number: '+34600123456',
    direction: 'outbound',
    entity_type: 'contacts',
    entity_id: '00000000-0000-4000-8000-000000000003',
    ...rest,
  }
}

const linked = (how: string, count: number): Partial<Reasoned> => ({
  link: { how, candidates: Array.from({ length: count }, (_, place) => String(place)) },
})

describe('why a call counted or did not', () => {
  it.each<[string, Reasoned, string | null, string[]]>([
    [
      'here',
      call('registered', { number: 2, at: HERE }),
      HERE,
      [
        'Why it counted: it went out to this contact, whose newest open opportunity is this one: it is attempt 2 of it.',
      ],
    ],
    [
      'at another opportunity of the contact',
      call('registered', { number: 2, at: ELSEWHERE }),
      HERE,
      [
        'Why it counted: it went out to this contact, and is attempt 2 of another opportunity, the newest that was open then.',
      ],
    ],
    [
      'in a list',
      call('registered', { number: 5, at: ELSEWHERE }),
      null,
      ['Why it counted: it went out to a contact, and is attempt 5 of the newest opportunity that was open then.'],
    ],
    [
      'its number could not be read at once',
      call('registered', { at: HERE }),
      HERE,
      ['Why it counted: it went out to a contact with an open opportunity. Which number it has is told in a moment.'],
    ],
    [
      'the sixth',
      call('limit_reached', { at: HERE }),
      HERE,
      ['Why it did not count: five attempts had been made already.'],
    ],
    [
      'the sixth of another one',
      call('limit_reached', { at: ELSEWHERE }),
      HERE,
      [
        'Why it did not count: five attempts had been made already at another opportunity, the newest that was open then.',
      ],
    ],
    [
      'after a success',
      call('first_call_completed', { at: HERE }),
      HERE,
      ['Why it did not count: somebody had spoken with them already, which completed the first call.'],
    ],
    [
      'no opportunity (B16)',
      call('no_open_opportunity'),
      HERE,
      [
        'Why it did not count: the contact had no open opportunity when the call was saved. It is looked at again when it is changed, or when the history is gone through.',
      ],
    ],
    [
      'incoming',
      call('not_outbound', { direction: 'inbound' }),
      HERE,
      ['Why it did not count: it came in. Only calls that go out are attempts.'],
    ],
    [
      'between colleagues',
      call('not_outbound', { direction: 'internal' }),
      HERE,
      ['Why it did not count: it was between colleagues. Only calls that go out are attempts.'],
    ],
    [
      'nobody',
      call('not_a_contact', { entity_id: null, entity_type: null }),
      null,
      ['Why it did not count: nobody is known to whom it went.'],
    ],
    [
      'a company',
      call('not_a_contact', { entity_type: 'companies' }),
      null,
      ['Why it did not count: it went to something else than a contact (companies).'],
    ],
    [
      'registering failed (B9)',
      call('pending'),
      HERE,
      [
        'Not counted yet: something went wrong when its attempt was registered. It is tried again by itself until it succeeds.',
      ],
    ],
  ])('%s', (_, given, here, sentences) => {
    expect(whyOf(given, 'en', here)).toEqual(sentences)
  })

  it.each([
    ['dial', 1, 'Linked to the contact for whom somebody asked for this call.'],
    ['number', 1, 'Linked by its number +34 600, which only this contact has.'],
    ['open_opportunity', 2, 'Linked by its number +34 600: of 2 contacts with it, the one with an open opportunity.'],
    [
      'newest_open_opportunity',
      3,
      'Linked by its number +34 600: of 3 contacts with it, the one whose open opportunity is the newest.',
    ],
    [
      'newest_contact',
      2,
      'Linked by its number +34 600: of 2 contacts with it, none with an open opportunity, the one made last. Whether it is them is doubtful.',
    ],
  ])('why a machine linked it: %s', (how, count, sentence) => {
    const [, told] = whyOf(call('registered', { number: 1, at: HERE, ...linked(how, count) }), 'en', HERE, '+34 600')
    expect(told).toBe(sentence)
  })

  it('a way to link that is not known here is passed over', () => {
    expect(whyOf(call('pending', linked('magic', 1)), 'en', HERE)).toHaveLength(1)
  })

  it('each outcome has words of its own in each language', () => {
    for (const language of ['en', 'es'] as const) {
      const told = OUTCOMES.map(
        (outcome) => whyOf(call(outcome, { number: 1, at: HERE, entity_id: null }), language, HERE)[0],
      )
      expect(new Set(told).size).toBe(OUTCOMES.length)
    }
    const [en, es] = (['en', 'es'] as const).map((language) =>
      OUTCOMES.map((outcome) => whyOf(call(outcome), language, HERE)),
    )
    expect(en?.flat().filter((sentence) => es?.flat().includes(sentence))).toEqual([])
  })
})
