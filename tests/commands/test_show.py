from __future__ import annotations

import json
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support import FAILURE, ID, OTHER, SUCCESS, TOKEN, Run, completed, job_object

from jobstat import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_httpx import HTTPXMock

URL = f"https://acme.zendesk.com/api/v2/job_statuses/{ID}.json"
BAD = completed(SUCCESS, FAILURE)


def test_show_sends_a_get_with_bearer_token_and_expected_headers(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(url=URL, json={"job_status": job_object()})
    jobstat("show", ID)
    (request,) = httpx_mock.get_requests()
    assert request.method == "GET"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["user-agent"] == f"jobstat/{__version__}"
    assert request.headers["accept"] == "application/json"
    assert request.headers["cache-control"] == "no-cache"
    assert "gzip" in request.headers["accept-encoding"]


def test_email_and_password_variables_are_sent_as_basic_auth(
    jobstat: Run,
    httpx_mock: HTTPXMock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ZENDESK_OAUTH_TOKEN")
    monkeypatch.setenv("ZENDESK_EMAIL", "me@example.org")
    monkeypatch.setenv("ZENDESK_PASSWORD", "hunter2")
    httpx_mock.add_response(url=URL, json={"job_status": completed()})
    code, out, err = jobstat("show", ID)
    (request,) = httpx_mock.get_requests()
    credential = b64encode(b"me@example.org:hunter2").decode()
    assert request.headers["authorization"] == f"Basic {credential}"
    assert code == 0
    assert "hunter2" not in out + err


def test_credential_in_an_error_response_is_redacted(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    error = {"error": f"not {TOKEN}"}
    httpx_mock.add_response(url=URL, status_code=422, json=error)
    code, out, err = jobstat("show", "--debug", ID)
    assert (code, out) == (2, "")
    assert "not [hidden]" in err
    assert TOKEN not in err


def test_client_credentials_work_in_two_runs_of_one_process(
    jobstat: Run,
    httpx_mock: HTTPXMock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ZENDESK_OAUTH_TOKEN")
    monkeypatch.setenv("ZENDESK_OAUTH_CLIENT_ID", "ci")
    monkeypatch.setenv("ZENDESK_OAUTH_CLIENT_SECRET", "s3cret")
    tokens = {"access_token": TOKEN, "token_type": "bearer"}
    url = "https://acme.zendesk.com/oauth/tokens"
    httpx_mock.add_response(url=url, json=tokens, is_reusable=True)
    httpx_mock.add_response(url=URL, json={"job_status": BAD}, is_reusable=True)
    assert [jobstat("show", ID)[0] for _ in range(2)] == [6, 6]


def test_show_prints_a_header_a_table_and_a_summary(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(url=URL, json={"job_status": BAD})
    code, out, err = jobstat("show", ID)
    assert (code, err) == (6, "")
    assert (
        out
        == f"""\
Bulk Create Ticket  {ID}  acme.zendesk.com
✗ completed, with failures  2/2  100%
Completed at 2026-11-23 12:00:00 +0000
{BAD["url"]}

   INDEX  ERROR
✗      1  TicketCreateFailed: Description: blank
  and 1 succeeded

✗ 1 of 2 items failed

See all items: jobstat show {ID} --results all
Write the records to send again: jobstat retry-file {ID} INPUT > retry.json
"""
    )


def test_show_json_prints_the_job_object_unchanged_on_one_line(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    payload = {"new": [1.5, None, {"é": "\x1b[31m"}], **BAD, "id": ID}
    httpx_mock.add_response(url=URL, json={"job_status": payload, "beside": 1})
    code, out, err = jobstat("show", ID, "--json")
    assert (code, err) == (6, "")
    assert out.isascii()
    assert out.count("\n") == 1
    assert list(json.loads(out).items()) == list(payload.items())


def test_show_quiet_only_sets_the_exit_code(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(url=URL, json={"job_status": BAD})
    assert jobstat("show", "-q", ID) == (6, "", "")


@pytest.mark.parametrize("options", [[], ["--json"], ["-q"], ["--color", "always"]])
@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (completed(SUCCESS), 0),
        (job_object("failed"), 3),
        (job_object("killed"), 3),
        (BAD, 6),
        (job_object("queued"), 8),
        (job_object("working"), 8),
    ],
)
def test_job_state_sets_the_exit_code_under_every_output_option(
    jobstat: Run,
    httpx_mock: HTTPXMock,
    payload: dict[str, Any],
    code: int,
    options: list[str],
) -> None:
    httpx_mock.add_response(url=URL, json={"job_status": payload}, is_reusable=True)
    assert jobstat("show", ID, *options)[0] == code
    assert jobstat("show", ID, *options, "--exit-zero")[0] == 0


@pytest.mark.parametrize(
    ("status", "payload", "code", "message"),
    [
        (
            401,
            {"error": "Couldn't authenticate you"},
            4,
            "acme.zendesk.com refuses the credential (401: Couldn't authenticate you)",
        ),
        (
            401,
            {"error": "invalid_token", "error_description": "The token is expired."},
            4,
            "(401: invalid_token: The token is expired.)",
        ),
        (
            403,
            {"error": {"title": "Forbidden", "message": "You do not have access."}},
            4,
            "refuses the credential (403: Forbidden: You do not have access.)",
        ),
        (
            404,
            {"error": "RecordNotFound", "description": "Not found"},
            5,
            f"no job {ID} at acme.zendesk.com (404: RecordNotFound: Not found)",
        ),
        (
            404,
            {
                "error": {
                    "title": "No help desk at acme.zendesk.com",
                    "message": "Sorry.",
                }
            },
            5,
            "(404: No help desk at acme.zendesk.com: Sorry.)",
        ),
        (
            206,
            {"job_status": completed(SUCCESS)},
            7,
            "sent only part of the answer (206)",
        ),
        (304, "", 7, "sent no new answer (304"),
        (410, {}, 5, f"no job {ID} at acme.zendesk.com (410)"),
        (
            422,
            {"error": "RecordInvalid", "description": "Record validation errors"},
            2,
            "refuses the request (422: RecordInvalid: Record validation errors)",
        ),
        (
            400,
            {"error": "TooManyValues"},
            2,
            "refuses the request (400: TooManyValues)",
        ),
        (
            429,
            {"error": "APIRateLimitExceeded"},
            7,
            "acme.zendesk.com allows no more requests now (429: APIRateLimitExceeded)",
        ),
        (500, {}, 7, "acme.zendesk.com cannot answer now (500)"),
        (408, {}, 7, "acme.zendesk.com cannot answer now (408)"),
        (425, {}, 7, "acme.zendesk.com cannot answer now (425)"),
        (503, {"error": "x\x1b[2Jy"}, 7, r"cannot answer now (503: x\x1b[2Jy)"),
        (204, None, 7, "an invalid answer: an empty body"),
        (200, [1], 7, "an invalid answer: a list without job_status"),
        (200, {"job_status": None}, 7, "an invalid answer: a job_status that is null"),
        (
            200,
            {"job_status": job_object("completed", results=["row 1 failed"])},
            7,
            "results that hold a text where an item should be",
        ),
    ],
)
def test_error_response_determines_message_exit_code_and_retries(
    jobstat: Run,
    httpx_mock: HTTPXMock,
    status: int,
    payload: object,
    code: int,
    message: str,
) -> None:
    httpx_mock.add_response(url=URL, status_code=status, json=payload, is_reusable=True)
    exit_code, out, err = jobstat("show", ID)
    assert (exit_code, out) == (code, "")
    line, *hint = err.splitlines()
    assert line.startswith("jobstat: ")
    assert message in line
    assert len(hint) <= 1
    assert TOKEN not in err
    # Only temporary errors are retried.
    assert len(httpx_mock.get_requests()) == (3 if code == 7 else 1)


@pytest.mark.parametrize(
    ("status", "content", "content_type", "message"),
    [
        (200, b"<!DOCTYPE html><title>Sign in</title>", "text/html", "a web page"),
        (200, b"", "application/json", "an empty body"),
        (502, b"<html>Bad gateway</html>", "text/html", "cannot answer now (502)"),
        (
            429,
            b"Number of allowed API requests per minute exceeded",
            "text/plain",
            "(429: Number of allowed API requests per minute exceeded)",
        ),
    ],
)
def test_non_json_body_is_described_and_exits_7(
    jobstat: Run,
    httpx_mock: HTTPXMock,
    status: int,
    content: bytes,
    content_type: str,
    message: str,
) -> None:
    httpx_mock.add_response(
        url=URL,
        status_code=status,
        content=content,
        headers={"content-type": content_type},
        is_reusable=True,
    )
    code, out, err = jobstat("show", ID)
    assert (code, out) == (7, "")
    assert message in err


def test_body_over_the_size_limit_exits_7(
    jobstat: Run, httpx_mock: HTTPXMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobstat.zendesk.body.MAX_BODY", 1000)
    httpx_mock.add_response(content=b" " * 1001, is_reusable=True)
    code, _, err = jobstat("show", ID)
    assert code == 7
    assert "the answer is larger than" in err


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_not_followed_and_the_error_names_its_host(
    jobstat: Run, httpx_mock: HTTPXMock, status: int
) -> None:
    httpx_mock.add_response(
        url=URL, status_code=status, headers={"location": "https://evil.example/x"}
    )
    code, _, err = jobstat("show", ID)
    assert code == 2
    assert "acme.zendesk.com redirects to evil.example" in err
    assert len(httpx_mock.get_requests()) == 1


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (httpx.ConnectError("refused"), "no connection to acme.zendesk.com: refused"),
        (httpx.ReadTimeout("slow"), "acme.zendesk.com did not answer within"),
        (httpx.RemoteProtocolError("cut"), "no connection to acme.zendesk.com: cut"),
    ],
)
def test_network_error_exits_7(
    jobstat: Run,
    httpx_mock: HTTPXMock,
    error: httpx.HTTPError,
    message: str,
) -> None:
    httpx_mock.add_exception(error, is_reusable=True)
    code, out, err = jobstat("show", ID)
    assert (code, out) == (7, "")
    assert message in err


def test_show_waits_for_retry_after_before_it_retries_a_429(
    jobstat: Run,
    httpx_mock: HTTPXMock,
    clock: Any,
) -> None:
    httpx_mock.add_response(url=URL, status_code=429, headers={"retry-after": "7"})
    httpx_mock.add_response(url=URL, json={"job_status": BAD})
    assert jobstat("show", "-q", ID)[0] == 6
    assert clock.now == 1007


@pytest.mark.parametrize(
    "word", ["a/b", "..", "../users", "a?b", "a b", "", "x" * 65, "--", "a\x1b[2J"]
)
def test_invalid_job_id_exits_2_without_a_request(jobstat: Run, word: str) -> None:
    code, out, err = jobstat("show", "--", word)
    assert (code, out) == (2, "")
    assert err.startswith("jobstat: not a job id: ")
    assert "\x1b" not in err
    assert err.count("\n") == 2


def test_job_url_of_another_account_is_refused(
    jobstat: Run,
) -> None:
    code, _, err = jobstat("show", "https://evil.example/api/v2/job_statuses/1.json")
    assert code == 2
    assert "the account is https://acme.zendesk.com" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shwo"], "no such command 'shwo'"),
        (["nonsense"], "no such command 'nonsense'"),
        (["watch", ID, "--timeout"], "requires an argument"),
        (["show", ID, "--nope"], "no such option"),
        (["show", ID, "--color", "pink"], "invalid value for '--color'"),
        (["show", ID, "--subdomain", "a b"], "--subdomain is not a subdomain"),
        (["watch", ID, "--timeout", "soon"], "not a duration: 'soon'"),
        (["watch", ID, "--timeout", "0"], "not a duration above 0: '0'"),
        (["watch", ID, "--interval", "-1"], "not a duration: '-1'"),
        (["demo", "--failures", "101"], "not a whole number from 0 to 100: '101'"),
        (["demo", "--port", "65536"], "no such port: 65536"),
        (["demo", "--port", "x"], "invalid value for '--port'"),
        (["completion", "tcsh"], "invalid value for '"),
    ],
)
def test_bad_arguments_print_an_error_and_a_hint_and_exit_2(
    jobstat: Run, arguments: list[str], message: str
) -> None:
    code, out, err = jobstat(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("jobstat: ")
    assert message in err
    assert err.count("\n") == 2
    assert "\\" not in err
    if "argument" in message or "option" in message or "value" in message:
        assert err.splitlines()[1] == f"  See jobstat {arguments[0]} --help."


@pytest.mark.parametrize("command", ["show", "watch"])
def test_hint_without_a_job_names_the_dash_if_standard_input_is_a_file(
    jobstat: Run, stdin: Callable[[str], None], command: str
) -> None:
    stdin(ID)
    error = "jobstat: no job given\n  Use - to read jobs from standard input.\n"
    assert jobstat(command) == (2, "", error)


@pytest.mark.parametrize("arguments", [[], ["auth"]])
def test_call_without_a_command_prints_the_help(
    jobstat: Run, arguments: list[str]
) -> None:
    code, out, err = jobstat(*arguments)
    assert (code, err) == (0, "")
    assert out == jobstat(*arguments, "--help")[1]


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (
            ["--json", "list"],
            "no command before --json",
            "Write the command first: jobstat list --json",
        ),
        (
            ["--timeout"],
            "no command before --timeout",
            "Write the command first: jobstat COMMAND --timeout",
        ),
        (
            ["--versoin"],
            "no such option '--versoin'",
            "Did you mean '--version'?",
        ),
        (
            ["login"],
            "no such command 'login'",
            "Did you mean 'auth login'?",
        ),
        (
            ["logout"],
            "no such command 'logout'",
            "Did you mean 'auth logout'?",
        ),
        (["shwo"], "no such command 'shwo'", "Did you mean 'show'?"),
        (
            ["watch", ID, "--timeout", "soon"],
            "invalid value for '--timeout': not a duration: 'soon'",
            "Write 90, 90s, 10m or 1h30m.",
        ),
        (["show"], "no job given", "Give a job's id or URL."),
        (
            ["watch"],
            "no job given",
            "Give a job's id or URL, or --all for every unfinished job.",
        ),
        (
            ["show", "-q", "--json", ID],
            "--quiet cannot be used with --json",
            "Leave out --quiet or --json.",
        ),
        (
            ["watch", "-q", "--stream", ID],
            "--quiet cannot be used with --stream",
            "Leave out --quiet or --stream.",
        ),
    ],
)
def test_usage_error_prints_a_matching_hint(
    jobstat: Run, arguments: list[str], message: str, hint: str
) -> None:
    assert jobstat(*arguments) == (2, "", f"jobstat: {message}\n  {hint}\n")


@pytest.mark.parametrize("command", ["show", "watch"])
def test_file_name_as_job_id_gets_a_hint_to_use_standard_input(
    jobstat: Run, tmp_path: Path, command: str
) -> None:
    file = tmp_path / "my answers.jsonl"
    file.touch()
    code, out, err = jobstat(command, str(file))
    assert (code, out) == (2, "")
    assert err.startswith("jobstat: not a job id: ")
    assert err.endswith(
        f"  To read jobs from that file: jobstat {command} - < '{file}'\n"
    )


def test_internal_error_exits_1_and_prints_a_traceback_only_with_debug(
    jobstat: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobstat.commands._shared.resolve_account", None)
    code, out, err = jobstat("show", ID)
    assert (code, out) == (1, "")
    assert err.startswith("jobstat: a bug in jobstat: TypeError")
    assert "Traceback" not in err
    _, _, err = jobstat("show", ID, "--debug")
    assert "Traceback" in err


def test_response_about_another_job_prints_a_warning(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    other = {"job_status": {**BAD, "id": OTHER}}
    httpx_mock.add_response(url=URL, json=other, is_reusable=True)
    code, _, err = jobstat("show", "-q", ID)
    assert code == 6
    assert len(httpx_mock.get_requests()) == 2
    assert err == f"jobstat: warning: asked for {ID}, the answer is about {OTHER}\n"


def test_color_option_outranks_no_color_which_outranks_force_color(
    jobstat: Run,
    httpx_mock: HTTPXMock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    httpx_mock.add_response(url=URL, json={"job_status": BAD}, is_reusable=True)
    assert "\x1b[" not in jobstat("show", ID)[1]
    assert "\x1b[" in jobstat("show", ID, "--color", "always")[1]
    monkeypatch.setenv("FORCE_COLOR", "0")
    assert "\x1b[" not in jobstat("show", ID)[1]
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in jobstat("show", ID)[1]
    assert "\x1b[" not in jobstat("show", ID, "--color", "never")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in jobstat("show", ID)[1]
    plain = re.sub(r"\x1b\[[0-9;]*m", "", jobstat("show", ID, "--color", "always")[1])
    assert "✗ 1 of 2 items failed" in plain


def test_job_that_is_not_found_gets_the_hint_to_check_its_id(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    body = {"error": "RecordNotFound", "description": "Not found"}
    httpx_mock.add_response(url=URL, status_code=404, json=body, is_reusable=True)
    err = jobstat("show", ID)[2]
    assert err.splitlines()[1] == (
        "  Check the id. Zendesk deletes a job one day after it was created."
    )
