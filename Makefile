# Everything starts here: `make run` needs nothing but Python 3.11 or newer.
.POSIX:
.SUFFIXES:
.PHONY: help run test test-next mutants soak bench lint clean python python-next

PORT ?= 8000
ARGS ?=
PYTHON ?=
PYTHON_NEXT ?=

PIP_INSTALL = -m pip install --quiet --disable-pip-version-check
NEW_KEY = import secrets; print(secrets.token_urlsafe(50))

# pick MINOR NAME...: print the first that runs here, is Python 3.MINOR or newer and can make a virtual environment.
PICK = \
	pick() { \
		minor=$$1; shift; \
		for name in "$$@"; do \
			if "$$name" -c "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, $$minor))" >/dev/null 2>&1; \
			then echo "$$name"; return 0; fi; \
		done; \
		return 1; \
	}

# Set $python, or say the one line to type and stop.
FIND_PYTHON = \
	$(PICK); \
	if test -n '$(PYTHON)'; then \
		python=$$(pick 11 '$(PYTHON)') || { \
			echo 'PYTHON=$(PYTHON) does not run, is older than 3.11, or lacks venv.' >&2; exit 1; }; \
	else \
		python=$$(pick 11 python3.13 python3.12 python3.11 python3) || { \
			line='install Python 3.11 or newer, with venv'; \
			if command -v apt-get >/dev/null; then \
				line='sudo apt-get update && sudo apt-get install python3-venv'; \
				for minor in 11 12 13; do \
					if apt-cache show "python3.$$minor-venv" >/dev/null 2>&1; \
					then line="sudo apt-get install python3.$$minor-venv"; fi; \
				done; \
			elif command -v dnf >/dev/null; then line='sudo dnf install python3.12'; \
			elif command -v brew >/dev/null; then line='brew install python3'; \
			fi; \
			echo 'Python 3.11 or newer, with its venv module, is missing. To get it:' >&2; \
			echo "    $$line" >&2; exit 1; }; \
	fi

FIND_PYTHON_NEXT = \
	$(PICK); \
	if test -n '$(PYTHON_NEXT)'; then set -- '$(PYTHON_NEXT)'; \
	else set -- python3.14 python3.13 python3.12 python3 \
		"$$HOME"/.pyenv/versions/3.14*/bin/python \
		"$$HOME"/.pyenv/versions/3.13*/bin/python \
		"$$HOME"/.pyenv/versions/3.12*/bin/python; \
	fi; \
	python=$$(pick 12 "$$@") || { \
		echo 'The newest Django needs Python 3.12 or newer, with venv: none found. PYTHON_NEXT=... names one.' >&2; exit 1; }

help:
	@echo 'make run        Scrip with its demo company at http://127.0.0.1:8000/ (PORT=8001 for another port)'
	@echo 'make test       the whole suite, on SQLite and PostgreSQL, with a browser (ARGS="-k void" for pytest)'
	@echo 'make test-next  the same suite on the newest Django (needs Python 3.12 or newer)'
	@echo 'make mutants    shows that the suite notices wrong changes (ARGS="currency" for some of them)'
	@echo 'make soak       25,000 random histories against a model of the rules, for an hour or two (ARGS="--seed 7")'
	@echo 'make bench      how fast it is, in ratios of the least the database needs (ARGS="--only run"; --help tells more)'
	@echo 'make lint       ruff, mypy, missing migrations, and the checks for deployment'
	@echo 'make clean      remove what can be made again; your data (var/) and settings (.env) stay'
	@echo
	@echo 'PYTHON=... picks the Python for a new .venv, PYTHON_NEXT=... the one for test-next.'

run: .venv/run.stamp
	@.venv/bin/python -c "import socket; socket.create_server(('127.0.0.1', $(PORT))).close()" 2>/dev/null || { \
		echo 'Port $(PORT) of 127.0.0.1 is in use (or no port). Stop what runs there, or take another: make run PORT=8001' >&2; \
		exit 1; }
	@test -d var || mkdir -m 700 var
	@test -f .env || { \
		umask 077 && key=$$(.venv/bin/python -c '$(NEW_KEY)') && \
		printf 'SCRIP_SECRET_KEY=%s\nSCRIP_HTTPS=0\n' "$$key" >var/env.new && mv var/env.new .env; }
	@.venv/bin/python manage.py migrate --verbosity 0
	@.venv/bin/python manage.py collectstatic --noinput --verbosity 0
	@.venv/bin/python manage.py demo || echo 'No demo was made; the server starts on the data that is there.'
	@echo
	@echo 'Scrip runs at http://127.0.0.1:$(PORT)/ (Ctrl-C stops it)'
	@exec .venv/bin/gunicorn billing.wsgi --bind 127.0.0.1:$(PORT) --workers 2 --threads 4 \
		--log-level warning --no-control-socket

test: .venv/test.stamp
	@if .venv/bin/python -m tests.engines --find-browser >/dev/null; then $(MAKE) -s .venv/browser.stamp; fi
	@exec .venv/bin/python -m tests.engines $(ARGS)

test-next: .venv-next/test.stamp
	@if .venv-next/bin/python -m tests.engines --find-browser >/dev/null; then $(MAKE) -s .venv-next/browser.stamp; fi
	@exec .venv-next/bin/python -m tests.engines $(ARGS)

mutants: .venv/test.stamp
	@exec .venv/bin/python -m tests.mutants.run $(ARGS)

soak: .venv/test.stamp
	@exec .venv/bin/python -m tests.histories.soak --sqlite 20000 --postgresql 5000 $(ARGS)

# Without the solvers the bench still measures all the rest, and says what it left out.
bench: .venv/run.stamp
	@$(MAKE) -s .venv/bench.stamp || echo 'The solvers cannot be installed here; the bench goes on without them.'
	@exec .venv/bin/python manage.py bench $(ARGS)

lint: .venv/browser.stamp
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .
	@echo 'makemigrations --check; check --deploy'
	@SCRIP_SECRET_KEY=$$(.venv/bin/python -c '$(NEW_KEY)') && export SCRIP_SECRET_KEY && \
	export DATABASE_URL=sqlite:///:memory: DJANGO_SETTINGS_MODULE=billing.settings && \
	export SCRIP_HTTPS=1 SCRIP_DEBUG=0 SCRIP_ALLOWED_HOSTS=scrip.example && \
	.venv/bin/python manage.py makemigrations --check --dry-run && \
	.venv/bin/python manage.py check --deploy --fail-level WARNING

clean:
	rm -rf .venv .venv-next .mypy_cache .ruff_cache .pytest_cache .hypothesis var/static
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# For scripts: the Python that would be used.
python:
	@$(FIND_PYTHON); echo "$$python"

python-next:
	@$(FIND_PYTHON_NEXT); echo "$$python"

.venv/bin/python:
	@$(FIND_PYTHON); echo "Making .venv with $$python"; \
	"$$python" -m venv --clear .venv || { rm -rf .venv; exit 1; }

.venv/run.stamp: .venv/bin/python requirements.txt
	@echo 'Installing requirements.txt'
	@.venv/bin/python $(PIP_INSTALL) -r requirements.txt
	@touch $@

.venv/test.stamp: .venv/run.stamp requirements-test.txt
	@echo 'Installing requirements-test.txt'
	@.venv/bin/python $(PIP_INSTALL) -r requirements-test.txt
	@touch $@

.venv/browser.stamp: .venv/test.stamp requirements-browser.txt
	@echo 'Installing requirements-browser.txt'
	@.venv/bin/python $(PIP_INSTALL) -r requirements-browser.txt
	@touch $@

.venv/bench.stamp: .venv/run.stamp requirements-bench.txt
	@echo 'Installing requirements-bench.txt'
	@.venv/bin/python $(PIP_INSTALL) -r requirements-bench.txt
	@touch $@

.venv-next/bin/python:
	@$(FIND_PYTHON_NEXT); echo "Making .venv-next with $$python"; \
	"$$python" -m venv --clear .venv-next || { rm -rf .venv-next; exit 1; }

# The same pins, but for Django's.
.venv-next/test.stamp: .venv-next/bin/python requirements.txt requirements-test.txt
	@echo 'Installing requirements-test.txt with the newest Django'
	@sed 's/^Django==.*/Django>=6,<7/' requirements.txt >.venv-next/requirements.txt
	@cp requirements-test.txt .venv-next/
	@.venv-next/bin/python $(PIP_INSTALL) --upgrade -r .venv-next/requirements-test.txt
	@touch $@

.venv-next/browser.stamp: .venv-next/test.stamp requirements-browser.txt
	@echo 'Installing requirements-browser.txt'
	@.venv-next/bin/python $(PIP_INSTALL) -r requirements-browser.txt
	@touch $@
