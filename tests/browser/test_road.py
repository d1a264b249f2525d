"""The whole road of a credit, from a customer to a void: by mouse, by keyboard, and without scripts."""

import pytest
from playwright.sync_api import Page, expect

from credits.models import Credit
from invoices.models import Invoice, Item, Kind
from tests.factories import a_credit, a_draft, an_account, an_item, balance, paid_by_line


@pytest.fixture
def items(page: Page) -> list[Item]:
    return [an_item("API calls", unit="calls"), an_item("Seats", Kind.LICENSE)]


def click(page: Page, name: str, role: str = "link") -> None:
    page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]


def fill(page: Page, **typed: str) -> None:
    for label, value in typed.items():
        page.get_by_label(label.replace("_", " ")).first.fill(value)


def line(page: Page, number: int, item: str, quantity: str, price: str) -> None:
    row = page.locator("[data-formset-rows] > tr").nth(number)
    row.get_by_label("Item").select_option(label=item)
    row.get_by_label("Quantity").fill(quantity)
    row.get_by_label("Unit price").fill(price)


def test_by_mouse_from_a_customer_to_a_voided_credit(page: Page, items: list[Item]) -> None:
    page.goto("/")
    click(page, "Customers")
    click(page, "Add customer")
    fill(page, Key="C-100", Name="John Wick")
    click(page, "Add customer", "button")
    expect(page.get_by_text("John Wick is a customer now.")).to_be_visible()

    click(page, "Open account")
    fill(page, Key="A-100", Name="ChatPPT")
    page.get_by_label("Currency").select_option("USD")
    page.get_by_label("Time zone").select_option("UTC")
    click(page, "Open account", "button")
    expect(page.get_by_role("heading", level=1)).to_contain_text("ChatPPT")

    click(page, "Draft invoice")
    fill(page, First_day="2026-08-01", Last_day="2026-08-31")
    line(page, 0, "API calls", "100", "0.5")
    line(page, 1, "Seats", "2", "25.00")
    click(page, "Add a line", "button")
    line(page, 3, "Seats", "-1", "10.00")
    click(page, "Save draft", "button")
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
    draft = Invoice.objects.get()

    click(page, "ChatPPT")
    click(page, "Add Credits")
    fill(page, Name="Referral", Amount="70.00", Effective_from="2026-08-01")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("$70.00 understood.")
    expect(preview).to_contain_text("Amount due $90.00 now, $20.00 with it.")
    page.get_by_label("Free units of a usage meter").check()
    for hidden in ("Amount", "The whole invoice", "At most a share"):
        expect(page.get_by_label(hidden).first).to_be_hidden()
    page.get_by_label("Free units", exact=True).fill("1e3")
    page.get_by_label("Units of", exact=True).select_option(label="API calls")
    expect(preview).to_contain_text("No projection yet. Free units: Type the units in digits")
    page.get_by_label("Free units", exact=True).fill("40")
    expect(preview).to_contain_text("40 of 40 API calls would be used, paying $20.00")
    page.get_by_label("Money").check()
    expect(page.get_by_label("Units of", exact=True)).to_be_hidden()
    expect(preview).to_contain_text("Amount due $90.00 now, $20.00 with it.")
    page.get_by_label("Selected kinds, items and tags").check()
    expect(preview).to_contain_text("Choose at least one kind, item or tag below.")
    page.get_by_label("Find an item", exact=True).fill("api")
    expect(page.get_by_role("group", name="Single items").last.get_by_text("Seats")).to_be_hidden()
    page.get_by_label("API calls").first.check()
    expect(preview).to_contain_text("Amount due $90.00 now, $40.00 with it.")
    assert not Credit.objects.exists()
    click(page, "Add Credits", "button")
    expect(page.get_by_text("From now on nobody can edit it.")).to_be_visible()

    page.goto(f"/invoices/{draft.pk}/")
    expect(page.get_by_text("A projection.")).to_be_visible()
    expect(page.get_by_text("would be paid by Referral")).to_be_visible()
    click(page, "Issue")
    click(page, "Issue for $40.00", "button")
    expect(page.get_by_text("is issued.")).to_be_visible()
    expect(page.get_by_role("row", name="paid by Referral −$50.00")).to_be_visible()
    assert paid_by_line(Invoice.objects.get()) == [("Referral", "API calls", 5000)]

    page.goto(f"/accounts/{draft.account_id}/credits/")
    opener = page.get_by_role("link", name="Void Referral")
    opener.click()
    dialog = page.get_by_role("dialog", name="Void “Referral”?")
    expect(dialog).to_contain_text("This cannot be undone.")
    expect(dialog).to_contain_text("$20.00 what is left of $70.00")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    dialog.get_by_role("link", name="Keep it").click()
    expect(opener).to_be_focused()
    opener.click()
    dialog.get_by_role("button", name="Void for good").click()
    expect(page.get_by_text("Say why: the reason is kept with the act.").first).to_be_visible()
    fill(page, Reason="Granted twice")
    click(page, "Void for good", "button")
    expect(page.get_by_text("Referral is voided.")).to_be_visible()
    assert balance(Credit.objects.get()) == 0


def reach(page: Page, name: str) -> None:
    """Press Tab until what bears this name has the focus; its name is its label or its text."""
    for _ in range(80):
        page.keyboard.press("Tab")
        said = page.evaluate(
            """() => { const at = document.activeElement;
            const labels = [...(at.labels || [])].map((label) => label.textContent);
            return [at.getAttribute("aria-label"), ...labels,
              ["A", "BUTTON", "SUMMARY"].includes(at.tagName) ? at.textContent : null]
              .filter(Boolean).map((text) => text.trim().replace(/\\s+/g, " ")); }"""
        )
        if name in said:
            return
    raise AssertionError(f"no way to “{name}” by Tab")


def type_into(page: Page, **typed: str) -> None:
    for label, value in typed.items():
        reach(page, label.replace("_", " "))
        page.keyboard.type(value)


def press(page: Page, name: str, key: str = "Enter") -> None:
    reach(page, name)
    page.keyboard.press(key)


def test_by_keyboard_alone(page: Page, items: list[Item]) -> None:
    account = an_account(name="ChatPPT")
    draft = a_draft(account, (items[0], "50.00"), (items[1], "50.00"))
    page.goto("/")
    press(page, "Add Credits to ChatPPT of John Wick")
    page.wait_for_url("**/credits/add/")
    type_into(page, Name="Referral", Amount="70.00", Effective_from="08012026")
    press(page, "The whole invoice", "ArrowDown")
    press(page, "License", "Space")
    expect(page.locator("#preview")).to_contain_text("Amount due $100.00 now, $50.00 with it.")
    press(page, "Add Credits")
    expect(page.get_by_text("From now on nobody can edit it.")).to_be_visible()
    assert Credit.objects.get().scope().kinds == {"license"}

    page.goto(f"/invoices/{draft.pk}/")
    press(page, "Issue")
    page.wait_for_url("**/issue/")
    press(page, "Issue for $50.00")
    expect(page.get_by_role("row", name="paid by Referral −$50.00")).to_be_visible()

    page.goto(f"/accounts/{account.pk}/credits/")
    press(page, "Void Referral")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert page.evaluate("() => document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Void Referral")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    type_into(page, Reason="Granted twice")
    press(page, "Void for good")
    expect(page.get_by_text("Referral is voided.")).to_be_visible()


def test_without_scripts(plain_page: Page) -> None:
    page, item = plain_page, an_item("API calls")
    account = an_account(name="ChatPPT")
    page.goto(f"/accounts/{account.pk}/invoices/add/")
    fill(page, First_day="2026-08-01", Last_day="2026-08-31")
    line(page, 0, item.name, "100", "0.5")
    click(page, "Save draft", "button")
    expect(page.get_by_text("The draft is saved.")).to_be_visible()

    page.goto(f"/accounts/{account.pk}/credits/add/")
    fill(page, Name="Referral", Amount="30,00", Effective_from="2026-08-01")
    click(page, "Preview", "button")
    expect(page.get_by_text("no sign, spaces, commas or other characters").first).to_be_visible()
    fill(page, Amount="30.00")
    page.get_by_label("Selected kinds, items and tags").check()
    page.get_by_label("API calls").first.check()
    click(page, "Preview", "button")
    expect(page.locator("#preview")).to_contain_text("Amount due $50.00 now, $20.00 with it.")
    expect(page.get_by_label("API calls").first).to_be_checked()
    assert not Credit.objects.exists()
    click(page, "Add Credits", "button")
    expect(page.get_by_text("From now on nobody can edit it.")).to_be_visible()

    page.goto(f"/accounts/{account.pk}/credits/")
    page.get_by_role("link", name="Void Referral").click()
    expect(page.get_by_role("heading", name="Void “Referral”?")).to_be_visible()
    expect(page.get_by_text("This cannot be undone.")).to_be_visible()
    fill(page, Reason="Granted twice")
    click(page, "Void for good", "button")
    expect(page.get_by_text("Referral is voided.")).to_be_visible()
    assert balance(Credit.objects.get()) == 0


def test_a_double_click_sends_a_form_once_and_going_back_shows_what_became_of_it(page: Page) -> None:
    credit = a_credit(an_account(), "50.00", name="Referral")
    page.goto(f"/credits/{credit.pk}/void/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if request.method == "POST" else None)
    fill(page, Reason="Granted twice")
    page.get_by_role("button", name="Void for good").dblclick()
    expect(page.get_by_text("Referral is voided.")).to_be_visible()
    assert sent == ["POST"]
    page.go_back()
    expect(page.get_by_text("Referral is voided already.")).to_be_visible()
    expect(page.get_by_role("button", name="Void for good")).to_have_count(0)
    assert credit.entries.filter(kind="voided").count() == 1
