"""Makes the pictures of docs/guides of what the tests of the app saw.

    python tools/guides/pictures.py

Each picture that a guide or README.md shows, docs/guides/images/NAME.png, is made of target/screenshots/NAME.png: without the empty space below,
and of few colours. The walk-through, docs/guides/images/walk-through.webp, shows those of the guides one after the other, each with its
alternative text as a caption. Pictures that nothing shows any more are deleted.
"""

import re
import sys
import textwrap
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "target/screenshots"
GUIDES = ROOT / "docs/guides"
IMAGES = GUIDES / "images"
WALK_THROUGH = IMAGES / "walk-through.webp"

#: In the order in which the walk-through shows their pictures.
STORY = [GUIDES / "SME/adding-entity-types.md", GUIDES / "SME/resolving-conflicts.md", GUIDES / "analyst.md"]

#: Colours of a picture, and of a frame of the walk-through.
COLOURS, FRAME_COLOURS = 256, 64

#: Pixels that stay below the last thing to be seen.
MARGIN = 36

#: Width, height and height of the caption of the walk-through's frames, in pixels.
FRAME, CAPTION = (960, 600), 56

#: Of the caption: letters in its line, and the size of these in pixels.
LINE, LETTERS = 90, 18

#: Milliseconds that a frame stays: some to find one's way, and some for each letter to be read.
LOOK, READ = 1000, 25


def shown(guide):
    """The pictures that a Markdown file shows, as (name without suffix, alternative text)."""
    for text, target in re.findall(r"!\[([^\]]*)\]\(([^)\s]+\.png)\)", guide.read_text()):
        file = (guide.parent / target).resolve()
        if file.parent == IMAGES:
            yield file.stem, text


def screenshot(name):
    file = SCREENSHOTS / f"{name}.png"
    if not file.is_file():
        sys.exit(f"error: a guide shows {name}.png, but no test of the app has inspected anything by that name ({file.relative_to(ROOT)} isn't there)")
    return Image.open(file).convert("RGB")


def trimmed(picture):
    """Without what is empty at the bottom."""
    empty = Image.new("RGB", picture.size, picture.getpixel((0, picture.height - 1)))
    (_, _, _, bottom) = ImageChops.difference(picture, empty).getbbox() or (0, 0, 0, 0)
    return picture.crop((0, 0, picture.width, min(picture.height, bottom + MARGIN)))


def few_colours(picture, colours):
    # This method keeps rare colours, such as a badge's, and three rounds of k-means those of large areas. Without dithering, plain areas stay so.
    return picture.quantize(colours, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)


def frames(picture, caption):
    """Frames of the walk-through: the picture over its caption. Of a picture that is too tall, its upper part and then its lower one."""
    width, height = FRAME
    scaled = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
    for top in sorted({0, max(0, scaled.height - height)}):
        whole = Image.new("RGB", (width, height + CAPTION), picture.getpixel((0, picture.height - 1)))
        whole.paste(scaled.crop((0, top, width, min(top + height, scaled.height))), (0, 0))
        draw = ImageDraw.Draw(whole)
        draw.rectangle((0, height, width, height + CAPTION), fill="#18212b")
        text = textwrap.fill(caption, LINE)
        draw.text((width / 2, height + CAPTION / 2), text, fill="white", font=ImageFont.load_default(LETTERS), anchor="mm", align="center")
        yield few_colours(whole, FRAME_COLOURS).convert("RGB")


def main():
    IMAGES.mkdir(exist_ok=True)
    story = [one for guide in STORY for one in shown(guide)]
    names = {name for guide in [ROOT / "README.md", *GUIDES.rglob("*.md")] for name, _ in shown(guide)}
    for name in sorted(names):
        file = IMAGES / f"{name}.png"
        few_colours(trimmed(screenshot(name)), COLOURS).save(file, optimize=True)
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes")
    for file in IMAGES.glob("*.png"):
        if file.stem not in names:
            file.unlink()
    first, *rest = [(one, LOOK + READ * len(text)) for name, text in story for one in frames(trimmed(screenshot(name)), text)]
    times = [time for _, time in [first, *rest]]
    first[0].save(WALK_THROUGH, save_all=True, append_images=[one for one, _ in rest], duration=times, loop=0, lossless=True, quality=50, method=2)
    print(f"{WALK_THROUGH.relative_to(ROOT)}: {WALK_THROUGH.stat().st_size:,} bytes, {len(times)} frames in {sum(times) / 1000:.0f} s")


if __name__ == "__main__":
    main()
