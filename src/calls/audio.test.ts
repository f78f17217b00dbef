import { describe, expect, it } from 'vitest'
import { withAudio, withRecordingsOf } from './audio.ts'
import type { Recording } from './call.ts'

const waited = (id: string, name: string | null = null, status: Recording['status'] = 'expected'): Recording => ({
  id,
  provider: 'zadarma',
  provider_recording_id: name,
  status,
  content_type: null,
  size_bytes: null,
  file_name: null,
  sha256: null,
  matched_by: null,
})

const audio = (id: string, name: string | null = null, content = id): Recording => ({
  ...waited(id, name),
  status: 'available',
  content_type: 'audio/mpeg',
  size_bytes: 7,
  file_name: `${id}.mp3`,
  sha256: content,
  matched_by: 'number_start',
})

/** With the audio, but still the recording that was waited for. */
const filled = (there: Recording, by: Recording): Recording => ({
  ...by,
  id: there.id,
  provider_recording_id: there.provider_recording_id ?? by.provider_recording_id,
})

const [piece, named] = [audio('x'), audio('x', '1.0')]

describe('audio that comes by e-mail', () => {
  const unnamed = waited('a')
  const CASES: [string, Recording[], Recording, Recording[], 'duplicate'?][] = [
    ['is a recording of a call that has none', [], piece, [piece]],
    ['is the one that is waited for', [waited('a', '1.0')], piece, [filled(waited('a', '1.0'), piece)]],
    [
      'is the one of its name',
      [waited('a', '2.0'), waited('b', '1.0')],
      named,
      [waited('a', '2.0'), filled(waited('b', '1.0'), named)],
    ],
    [
      'is the one of its name though that was given up',
      [waited('a', '1.0', 'missing')],
      named,
      [filled(waited('a', '1.0', 'missing'), named)],
    ],
    ['names the one without a name', [unnamed], named, [filled(unnamed, named)]],
    ['names the first of several without a name', [unnamed, waited('b')], named, [filled(unnamed, named), waited('b')]],
    ['is given up no more', [waited('a', null, 'missing')], piece, [filled(waited('a', null, 'missing'), piece)]],
    ['is none of several that are waited for', [unnamed, waited('b')], piece, [unnamed, waited('b'), piece]],
    ['is a further one beside those of other names', [waited('a', '2.0')], named, [waited('a', '2.0'), named]],
    ['is a further one beside other audio', [audio('a')], piece, [audio('a'), piece]],
    ['is a duplicate of the same name', [audio('a', '1.0')], named, [audio('a', '1.0')], 'duplicate'],
    ['is a duplicate of the same content', [audio('a', null, 'x')], piece, [audio('a', null, 'x')], 'duplicate'],
    ['names the same content', [audio('a', null, 'x')], named, [audio('a', '1.0', 'x')], 'duplicate'],
    [
      'is another one of the same content and another name',
      [audio('a', '2.0', 'x')],
      named,
      [audio('a', '2.0', 'x'), named],
    ],
    ['is itself when it comes again', [piece], piece, [piece]],
    [
      'is itself where it was waited for',
      [filled(waited('a', '1.0'), piece)],
      piece,
      [filled(waited('a', '1.0'), piece)],
    ],
  ]

  it.each(CASES)('%s', (_, own, came, recordings, duplicate) => {
    expect(withAudio(own, [came])).toEqual({ recordings, duplicates: duplicate === undefined ? [] : [came] })
  })

  it('fills one recording after the other', () => {
    const [first, second] = [audio('x', '1.0'), audio('y', '2.0')]
    expect(withAudio([unnamed, waited('b', '2.0')], [first, second]).recordings).toEqual([
      filled(unnamed, first),
      filled(waited('b', '2.0'), second),
    ])
  })
})

describe('B17: two calls that are one have as recordings', () => {
  const CASES: [string, Recording[], Recording[], Recording[]][] = [
    ['those of both', [waited('a', '1.0')], [waited('b', '2.0')], [waited('a', '1.0'), waited('b', '2.0')]],
    [
      'the one with the PBX’s name, with the other’s audio',
      [waited('a', '1.0')],
      [piece],
      [filled(waited('a', '1.0'), piece)],
    ],
    ['the one with audio where the PBX told no name', [waited('a')], [named], [named]],
    ['both, where both have audio', [audio('a', '1.0', 'x')], [piece], [audio('a', '1.0', 'x'), piece]],
  ]

  it.each(CASES)('%s', (_, own, others, both) => expect(withRecordingsOf(own, others)).toEqual(both))
})
