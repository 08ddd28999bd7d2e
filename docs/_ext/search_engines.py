"""What search engines ask for: `robots.txt`, and `sitemap.xml` where the site's address is known.

sphinx-sitemap lists the pages that a build wrote, in the order in which its processes ended
(https://github.com/jdillard/sphinx-sitemap/issues/13). Here every page is listed after every build,
in one order and without a date.
"""

from pathlib import Path
from xml.etree import ElementTree as ET

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the two files, and remove a sitemap from a build that knew the address."""
    if exception or app.builder.name != "html":
        return
    robots = "User-agent: *\nAllow: /\n"
    sitemap = Path(app.outdir) / "sitemap.xml"
    sitemap.unlink(missing_ok=True)
    if base_url := app.config.html_baseurl:
        robots += f"Sitemap: {base_url}sitemap.xml\n"
        pages = ET.Element("urlset", xmlns=SITEMAP)
        for page in sorted(app.env.found_docs):
            url = ET.SubElement(ET.SubElement(pages, "url"), "loc")
            url.text = base_url + app.builder.get_target_uri(page)
        ET.indent(pages)
        ET.ElementTree(pages).write(sitemap, "utf-8", xml_declaration=True)
    (Path(app.outdir) / "robots.txt").write_text(robots, encoding="utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Write when the build has ended."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
