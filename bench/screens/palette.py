"""Fewer colours for a picture: a screen has a few hundred, and an indexed PNG is half as large.

Chromium reads the pixels and chooses the colours (median cut, weighted by how often each is
there); the file is written here, since no browser writes indexed ones.
"""

import base64
import struct
import zlib

import msgspec
from playwright.async_api import Page

_COLOURS = 256

# Returns width, height, the colours as bytes of red, green, blue, and the pixels as their indices.
_REDUCE = """async ({source, most}) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const {width, height} = image;
  const pen = new OffscreenCanvas(width, height).getContext('2d');
  pen.drawImage(image, 0, 0);
  const pixels = new Uint32Array(pen.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const channel = (pixel, at) => (pixel >>> (8 * at)) & 255;
  const span = (box) => [0, 1, 2].map((at) => {
    let [low, high] = [255, 0];
    for (const [pixel] of box) {
      low = Math.min(low, channel(pixel, at));
      high = Math.max(high, channel(pixel, at));
    }
    return high - low;
  });
  const countAll = (box) => box.reduce((sum, [, count]) => sum + count, 0);
  const weigh = (box) => box.length < 2 ? 0 : Math.max(...span(box)) * Math.sqrt(countAll(box));
  const boxes = [{box: [...counts], weight: 1}];
  while (boxes.length < most) {
    boxes.sort((one, other) => other.weight - one.weight);
    const {box} = boxes[0];
    if (box.length < 2) break;
    const spans = span(box);
    const at = spans.indexOf(Math.max(...spans));
    box.sort(([one], [other]) => channel(one, at) - channel(other, at));
    const half = countAll(box) / 2;
    let [cut, seen] = [1, box[0][1]];
    while (cut < box.length - 1 && seen + box[cut][1] <= half) seen += box[cut++][1];
    const parts = [box.slice(0, cut), box.slice(cut)];
    boxes.splice(0, 1, ...parts.map((part) => ({box: part, weight: weigh(part)})));
  }
  const index = new Map();
  const colours = boxes.map(({box}, number) => {
    let best = box[0];
    for (const entry of box) { index.set(entry[0], number); if (entry[1] > best[1]) best = entry; }
    return [0, 1, 2].map((at) => channel(best[0], at));
  });
  const indices = Uint8Array.from(pixels, (pixel) => index.get(pixel));
  let text = '';
  for (let at = 0; at < indices.length; at += 32768) {
    text += String.fromCharCode(...indices.subarray(at, at + 32768));
  }
  return {width, height, colours: colours.flat(), indices: btoa(text)};
}"""


class _Reduced(msgspec.Struct):
    width: int
    height: int
    colours: list[int]
    indices: str


async def reduce_palette(page: Page, png: bytes) -> bytes:
    """Return a PNG with 256 colours at most. page: any that has no content policy."""
    source = "data:image/png;base64," + base64.b64encode(png).decode()
    found = await page.evaluate(_REDUCE, {"source": source, "most": _COLOURS})
    reduced = msgspec.convert(found, _Reduced)
    rows = base64.b64decode(reduced.indices)
    # Filter 0, none, before each row: neighbouring indices are no neighbouring colours.
    filtered = b"".join(
        b"\0" + rows[start : start + reduced.width] for start in range(0, len(rows), reduced.width)
    )
    header = struct.pack(">IIBBBBB", reduced.width, reduced.height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _make_chunk(b"IHDR", header),
            _make_chunk(b"PLTE", bytes(reduced.colours)),
            _make_chunk(b"IDAT", zlib.compress(filtered, 9)),
            _make_chunk(b"IEND", b""),
        )
    )


def _make_chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
