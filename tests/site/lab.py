"""What a reader does on the page *Try your own image*, and what the page answers."""

from playwright.sync_api import expect

from tests.site.checks import PATIENCE


def choose(page, path):
    page.locator("input[type=file]").first.set_input_files(path)


def run(page):
    """Run the tool, and return the number of objects."""
    page.locator("[data-lab=run]").click()
    done = page.locator(".lab-status").filter(has_text="Done:")
    expect(done).to_be_visible(timeout=PATIENCE)
    return int(page.locator("[data-lab=count]").inner_text())


def saved(page, handle, folder):
    """Save a file of the page into a folder, and return its path."""
    with page.expect_download() as download:
        page.locator(f"[data-lab={handle}]").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def failures(seen):
    """Requests that failed. A worker's may be called aborted after its last byte is read."""
    return [fault for fault in seen.faults["failed"] if "net::ERR_ABORTED" not in fault]


def problem(page):
    shown = page.get_by_role("alert").filter(has_text=".")
    expect(shown).to_be_visible(timeout=PATIENCE)
    return shown.inner_text()
