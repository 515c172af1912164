"""An MkDocs hook: the pictures in `benchmarks/results`, for pages to show as `results/NAME.png`."""

from pathlib import Path

from mkdocs.structure.files import File


def on_files(files, config):
    for picture in sorted((Path(config.config_file_path).parent / "benchmarks" / "results").glob("*.png")):
        files.append(File.generated(config, f"results/{picture.name}", content=picture.read_bytes()))
    return files
