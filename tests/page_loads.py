"""What a browser would fetch to show a page, read off its text: an oracle of its own beside the page's makers."""

import re
from html.parser import HTMLParser

# Attributes that fetch without a click, whatever the element; a link that is clicked (a, area) does not.
FETCH = {"src", "srcset", "poster", "data", "background", "xlink:href", "formaction", "manifest", "longdesc", "cite"}
CLICKED = {"a", "area"}
STYLE = re.compile(r"url\(\s*['\"]?([^'\")]*)|@import\s+['\"]?([^'\";]*)")
SCRIPT = re.compile(r"(?:https?:)?//[\w.-]+\.\w+[^\s'\"`]*|import\s*\(|fetch\s*\(|XMLHttpRequest|WebSocket|sendBeacon")


class Page(HTMLParser):
    """Collects the addresses that a page loads: of its elements, styles and scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.within = ""
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.within = tag if tag in ("script", "style") else self.within
        self.loaded += [value for name, value in given.items() if name in FETCH]
        self.loaded += [given["href"]] if "href" in given and tag not in CLICKED else []
        self.loaded += [a or b for a, b in STYLE.findall(given.get("style", ""))]
        self.loaded += [
            text for name, value in given.items() if name.startswith("on") for text in SCRIPT.findall(value)
        ]
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.loaded.append(given["content"])
        if tag == "meta" and given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag: str) -> None:
        self.within = "" if tag == self.within else self.within

    def handle_data(self, data: str) -> None:
        if self.within == "style":
            self.loaded += [a or b for a, b in STYLE.findall(data)]
        if self.within == "script":
            self.loaded += SCRIPT.findall(data)


def loads(text: str) -> list[str]:
    """What the page fetches beside itself, its own data: addresses left out."""
    page = Page()
    page.feed(text)
    page.close()
    return [address for address in page.loaded if not re.match(r"\s*(data:|#|$)", address)]


def policy(text: str) -> str:
    """The page's Content-Security-Policy; "" without one."""
    page = Page()
    page.feed(text)
    return page.policy
