"""How Sphinx builds the site: assignments only. What needs code is a module in `_ext`."""

import os
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
# The date that what is made bears: the start of 2026, whenever it is made.
os.environ["SOURCE_DATE_EPOCH"] = "1767225600"

# The project
project = "autograd-tutorial"
author = "The autograd-tutorial authors"
project_copyright = f"2026, {author}. Text: CC BY 4.0, code: MIT"
version = release = installed_version("autograd-tutorial")
base_url = os.environ.get("AUTOGRAD_TUTORIAL_URL", "").rstrip("/") + "/"
site_root = urlsplit(base_url).path
repository = os.environ.get("AUTOGRAD_TUTORIAL_REPOSITORY", "")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx_codeautolink",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "sphinxext.opengraph",
    "notfound.extension",
    "book",
    "exercise_pages",
    "fresh_runs",
    "gallery_figures",
    "hosting",
    "moving_figures",
    "mathml",
    "page_assets",
    "page_notebooks",
    "workarounds",
]

# Sources
exclude_patterns = [
    "_build",
    "_ext",
    "exercises/starters/*",
    "gallery/*.ipynb",
    "gallery/*.py",
]
templates_path = ["_templates"]
default_role = "literal"
nitpicky = True
# This is where Axes is defined, not where it is documented.
nitpick_ignore = [("py:class", "matplotlib.axes._axes.Axes")]
# sphinx-gallery links the names in its own scripts.
rst_prolog = ".. autolink-skip:: file\n"

# It looks at the whole path; a space in the folder of the project is harmless.
suppress_warnings = ["sphinx_gallery.space_in_filename"]

# Pages: MyST, executed by myst-nb
myst_enable_extensions = [
    "attrs_block",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "dollarmath",
]
myst_heading_anchors = 3
nb_code_prompt_hide = "Hide the {type}"
nb_code_prompt_show = "Show the {type}"
# Sphinx reads, and so runs, only what changed; see _ext/fresh_runs.py.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_merge_streams = True
nb_render_markdown_format = "myst"

# Scripts: run by sphinx-gallery
sphinx_gallery_conf = {
    "examples_dirs": "../gallery",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "gallery_figures.reading_order",
    "image_scrapers": ("gallery_figures",),
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("autograd_tutorial",),
    "css": ["sg_gallery", "sg_gallery-rendered-html"],
    "remove_config_comments": True,
    "write_computation_times": False,
    "min_reported_time": 3600,
    "show_signature": False,
    "download_all_examples": False,
    "parallel": True,  # with joblib: as many as Sphinx has
}

# Reference and links to other projects' documentation (read from small local inventories)
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_use_rtype = False
intersphinx_mapping = {
    "ipython": (
        "https://ipython.readthedocs.io/en/stable/",
        "_inventories/ipython.txt",
    ),
    "matplotlib": (
        "https://matplotlib.org/stable/",
        "_inventories/matplotlib.txt",
    ),
    "python": ("https://docs.python.org/3/", "_inventories/python.txt"),
    "torch": (
        "https://docs.pytorch.org/docs/stable/",
        "_inventories/torch.txt",
    ),
}
codeautolink_warn_on_missing_inventory = True
codeautolink_concat_default = True

# The built site
html_theme = "furo"
html_title = "autograd-tutorial"
html_baseurl = base_url.removeprefix("/")
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("contents.js", {"loading_method": "defer"})]
html_favicon = "_static/favicon.svg"
html_scaled_image_link = False
html_show_sourcelink = False
html_show_sphinx = False
html_copy_source = False
html_domain_indices = False
html_theme_options = {
    "top_of_page_buttons": [],
    "light_css_variables": {
        "color-brand-primary": "#1f5fa8",
        "color-brand-content": "#1f5fa8",
        "color-brand-visited": "#6d3fa0",
        "sidebar-caption-font-size": "0.8125rem",
        "toc-title-font-size": "0.8125rem",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7fb5f5",
        "color-brand-content": "#7fb5f5",
        "color-brand-visited": "#c3a0f0",
    },
}
copybutton_exclude = ".linenos, .gp, .go"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_selector = ", ".join(
    f"div.highlight-{language} pre"
    for language in ("console", "default", "ipython3", "Python")
)
ogp_site_name = project
ogp_site_url = base_url.removeprefix("/")
ogp_description_length = 160
ogp_social_cards = {
    "font": "DejaVu Sans",
    "image_mini": "_static/logo.png",
    "line_color": "#1f5fa8",
    "site_url": base_url.partition("://")[2].rstrip("/") or project,
}
notfound_context = {
    "title": "Page not found",
    "body": f"""<h1>Page not found</h1>
<p>There is no page at this address. Start again at the
<a href="{site_root}index.html">first page</a>, or search for what you need.</p>""",
}
notfound_urls_prefix = site_root

# The book: nox -s epub
epub_title = "Understand torch.autograd"
epub_description = "A tutorial, explanations, figures and exercises on automatic differentiation in PyTorch."
epub_contributor = epub_publisher = author
epub_identifier = epub_uid = project
epub_css_files = ["book.css"]
epub_show_urls = "no"
epub_tocdup = False
epub_tocscope = "includehidden"

# Links to other hosts: nox -s linkcheck
linkcheck_retries = 2
linkcheck_timeout = 20
linkcheck_ignore = [r"https?://(localhost|127\.0\.0\.1)"]
# Their anchors are made by scripts.
linkcheck_anchors_ignore_for_url = [
    r"https://(github\.com|colab\.research\.google\.com)/"
]
