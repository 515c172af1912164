"""An MkDocs hook: runs the notebooks in `examples`, and makes a page of each.

They are kept as text, in Jupytext's percent format. What a cell prints and draws stands below it on the page; a cell
that fails fails the build. Results are kept in `.cache/tutorials` under a hash of the text and of the library: what did
not change does not run again.
"""

import hashlib
import tempfile
from pathlib import Path

import jupytext
import nbformat
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import MarkdownExporter


#: Changed when what this hook makes of a notebook changes.
_VERSION = 1

#: Seconds that a cell may take, or the start of a kernel.
_PATIENCE = 600


def on_files(files, config):
    root = Path(config.config_file_path).parent
    library = _library(root)
    for source in sorted((root / "examples").glob("[0-9]_*.py")):
        name = source.stem.replace("_", "-")
        notebook = _executed(source, library, root / ".cache" / "tutorials")
        page, pictures = _as_page(notebook, name)
        files.append(File.generated(config, f"tutorials/{name}.md", content=page))
        files.append(File.generated(config, f"tutorials/{name}.ipynb", content=nbformat.writes(notebook)))
        for file, content in pictures.items():
            files.append(File.generated(config, f"tutorials/{file}", content=content))
    return files


def _library(root):
    """A hash of the code that the notebooks run."""
    found = hashlib.sha256()
    for package in ("stde_eqx", "zoo"):
        for path in sorted((root / package).rglob("*.py")):
            found.update(f"{path.relative_to(root)}\n{path.read_text()}".encode())
    return found.hexdigest()


def _executed(source, library, cache):
    text = source.read_text()
    kept = cache / f"{source.stem}-{hashlib.sha256(f'{_VERSION}{library}{text}'.encode()).hexdigest()[:16]}.ipynb"
    if kept.exists():
        return nbformat.read(kept, as_version=4)
    notebook = jupytext.reads(text, fmt="py:percent")
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=_PATIENCE,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            startup_timeout=_PATIENCE,
        )
        try:
            client.execute()
        except CellExecutionError as error:
            raise PluginError(f"{source.name}: {error}") from error
    # When cells ran, and under which name Jupytext knows them, says nothing to a reader.
    for number, cell in enumerate(notebook.cells):
        cell.metadata.clear()
        cell.id = f"cell-{number}"
    cache.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, kept)
    return notebook


def _as_page(notebook, name):
    """The notebook as Markdown, and its pictures by file name."""
    page, resources = MarkdownExporter().from_notebook_node(
        notebook, resources={"unique_key": name, "output_files_dir": ""}
    )
    title, rest = page.split("\n", 1)
    note = f"[Download this page as a notebook]({name}.ipynb){{ download }}"
    return f"{title}\n\n{note}\n{rest}", {Path(file).name: data for file, data in resources["outputs"].items()}
