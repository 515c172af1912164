"""The page that `stde-eqx report` writes."""

import pytest

from zoo.cli import main


pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    options = ["--network.width", "8", "--network.depth", "1", "--test-points", "500", "--steps", "200"]
    for name, more in (("plain", []), ("wide", ["--batch-size", "40"])):
        solve = ["solve", "sine-gordon", "--dim", "10", "--estimator.num-samples", "4", *options, *more]
        assert main([*solve, "--run-dir", str(folder / name)]) == 0
    assert main(["report", str(folder / "plain"), str(folder / "wide")]) == 0
    return folder / "plain" / "report.html"


@pytest.mark.parametrize("scheme", ("light", "dark"))
@pytest.mark.parametrize("width", (400, 1440))
def test_report_opens(report, width, scheme, open_page, screenshots):
    watched = open_page(report.as_uri(), width=width, scheme=scheme)
    watched.page.screenshot(path=screenshots / f"report-{width}-{scheme}.png", full_page=True)
    assert watched.complaints == []
    assert [url for url in watched.requests if not url.startswith("data:")] == [report.as_uri()]
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
    figures = watched.page.locator(".figure svg")
    assert figures.count() == 4
    for figure in figures.all():
        box = figure.bounding_box()
        assert box is not None and box["width"] > 300 and box["height"] > 80
    assert watched.page.locator("tr.differs").count() == 1
