"""An executed notebook as one page that asks the network for nothing, today or when it is sent around."""

from pathlib import Path

from faceswap_lib.display.live import VIEW

# JupyterLab's look, without the scripts that it fetches from a content network: formulas, diagrams and widgets of
# ipywidgets need them, our pages do not; a widget's still picture is shown (live.py). The policy makes the browser
# refuse whatever a cell might ask for.
TEMPLATE = """{%- extends 'index.html.j2' -%}
{%- block html_head_js -%}
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline';
 script-src 'unsafe-inline'; img-src data: file:; media-src data: file:; font-src data:">
{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
"""


def page(notebook: Path) -> str:
    """The page of a notebook with its outputs."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="lab")
    exporter.config.NbConvertBase.display_data_priority = [
        kind for kind in exporter.default_config.NbConvertBase.display_data_priority if kind != VIEW
    ]
    exporter.raw_template = TEMPLATE
    return exporter.from_filename(str(notebook))[0]
