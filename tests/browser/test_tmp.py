from tests.browser.stage import a_stage
def test_x(page, complaints):
    s=a_stage()
    for n in ("admin credit","admin invoices/item/add"):
        page.goto(s.pages()[n]); page.wait_for_timeout(300)
        print(n, complaints); complaints.clear()
        print(page.evaluate("()=>[...document.scripts].map(s=>s.src)"))
    page.goto("/admin/invoices/invoice/")
    print(page.evaluate("()=>document.querySelector('.viewlink').outerHTML"), page.evaluate("()=>document.querySelector('#changelist-search').outerHTML.slice(0,600)"))
    assert 0
