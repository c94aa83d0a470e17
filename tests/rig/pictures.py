"""./dev pictures: the pictures of the README, drawn anew: a directory of the sample organisation, a few invitations, a browser."""

import base64
import sys

from client import Api
from console import console_page, console_world
from usherd import TOP

PICTURES = TOP / "doc" / "pictures"
BYTES_MAX = 150_000
SIZE = 1280, 700
INVITED = (("Zofia", "Kowalska", "Curator"), ("Tomás", "Ferreira", "Field botanist"), ("Aylin", "Demir", "Data steward"))


def invite(api):
    """People who were invited; the last one's link."""
    for given_name, family_name, position in INVITED:
        made = api.invited(given_name=given_name, family_name=family_name, position=position,
                           display_name=f"{given_name} {family_name}",
                           mail=f"{given_name}.{family_name}@meridian.example".lower().replace("á", "a"))
    return made["link"]


def keep(page, name):
    path = PICTURES / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64decode(page.execute_cdp_cmd("Page.captureScreenshot", {})["data"]))
    size = path.stat().st_size
    print(f"{path.relative_to(TOP)}: {size} bytes")
    if size > BYTES_MAX:
        sys.exit(f"{name} has more than {BYTES_MAX} bytes")


def draw(page, link):
    page.set_width(*SIZE)
    page.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    page.enter("/users?sort=status")
    page.wait(lambda: len(page.rows()) > 10, "there are people")
    keep_both(page, "users")
    page.go("/users?add=1")
    dialog = page.find("dialog", "Add user")
    page.hand.write(page.find("textbox", "First name", dialog), "Jana")
    page.hand.write(page.find("textbox", "Last name", dialog), "Nováková")
    page.choose_unit("Organization unit", "Registry", dialog)
    page.execute_script("document.querySelector('dialog .dialog-body').scrollTop = 0; document.activeElement.blur()")
    keep_both(page, "invite")
    page.get(link)
    page.find("textbox", "Password")
    keep_both(page, "registration")


def keep_both(page, name):
    for theme, suffix in (("light", ""), ("dark", "-dark")):
        page.set_media(prefers_color_scheme=theme, prefers_reduced_motion="reduce")
        keep(page, name + suffix)


def main():
    with console_world(usherd={"log_level": "info"}) as daemon:
        link = invite(Api(daemon, daemon.make_token()))
        with console_page(daemon) as page:
            draw(page, link)


if __name__ == "__main__":
    main()
