import { describe, expect, it } from 'vitest'
import { textOfHtml } from './html-text.ts'

describe('the text of HTML', () => {
  it.each([
    ['<p>one</p><p>two</p>', 'one\ntwo'],
    ['one<br>two<br/>three', 'one\ntwo\nthree'],
    ['one<br><br>two<br>\n<br><br>three', 'one\n\ntwo\n\nthree'],
    ['<p>one</p><p>&nbsp;</p><p>two</p><div><br></div><div>three</div>', 'one\n\ntwo\n\nthree'],
    ['<div><div><p></p>one</div></div>\n<div>two</div>', 'one\ntwo'],
    ['<table><tr><td>a</td> <td>b</td></tr>\n<tr><th>c</th><td> d </td></tr></table>', 'a\tb\nc\td'],
    ['<td>a<td>b<tr><td>c', 'a\tb\nc'],
    ['<b>Dura</b>ción:  <i>42</i>\n s', 'Duración: 42 s'],
    ['N&uacute;mero&nbsp;&#43;34&#x20;612 &amp; m&aacute;s &unknown;', 'Número +34 612 & más &unknown;'],
    ['<head><title>t</title></head><style>a{}</style>x<script>if (a < b) {}</script>y<!-- <p> -->z', 'xyz'],
    ['a < b, c <3 and d', 'a < b, c <3 and d'],
    ['<!doctype html><html><body>x</body></html>', 'x'],
    ['<style>never closed', ''],
    ['<p', ''],
    ['', ''],
    ['&#0;&#xd800;&#x110000;x', '\ufffdx'],
  ])('%s', (html, text) => expect(textOfHtml(html)).toBe(text))

  it('is had in no time, whatever its sender means to do', () => {
    const startedAt = performance.now()
    for (const piece of ['<', '<p', '<b> </b>', '&', '</td>', '<style>', '<!--', '<p>\t', ' \n']) {
      expect(textOfHtml(piece.repeat(Math.floor((128 * 1024) / piece.length)))).not.toBeNull()
    }
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })
})
