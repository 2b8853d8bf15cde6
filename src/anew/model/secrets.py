"""What looks like a secret, and text with the secrets taken out. Never stored, only that it was."""

import re
from collections.abc import Mapping, Sequence

REDACTED = "<redacted>"

# Words of a name, in any case, between separators or humps: API_KEY, authToken, db-password.
SECRET_NAME = re.compile(
    r"(?:^|[_\-.\s]|(?<=[a-z0-9])(?=[A-Z]))"
    r"(?:api[_\-]?key|key|apikey|token|secrets?|passw(?:or)?d|passphrase|credentials?|cred|auth"
    r"|bearer|private|signature|sig|sas|dsn|webhook)"
    r"(?:$|[_\-.\s\d])",
    re.IGNORECASE,
)
HARMLESS_NAME = re.compile(
    r"(?:^|_)(?:key(?:board|word|map|_?id)s?|sort_?key|primary_?key|foreign_?key|SSH_AUTH_SOCK"
    r"|XAUTHORITY|GPG_AGENT_INFO|token(?:s|izers?)(?:_\w*)?|max_tokens?|num_tokens?)(?:$|_)",
    re.IGNORECASE,
)
OPTION_NAME = re.compile(
    r"^--?[\w\-]*(?:key|token|password|passwd|secret|credential)[\w\-]*$", re.I
)

# Published formats of issued credentials: GitHub, GitLab, OpenAI and Anthropic, AWS, Google, Slack,
# Hugging Face, Stripe, npm, PyPI, SendGrid, JSON Web Tokens, PEM keys; W&B and others in hex.
SECRET_VALUE = re.compile(
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w\-]{16,}|sk-[\w\-]{16,}"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w\-]{30,}|ya29\.[\w\-]{20,}|xox[abprs]-[\w\-]{10,}"
    r"|hf_[A-Za-z0-9]{20,}|[sr]k_(?:live|test)_\w{16,}|npm_\w{30,}|pypi-[\w\-]{40,}"
    r"|SG\.[\w\-]{16,}\.[\w\-]{16,}|eyJ[\w\-]{8,}\.eyJ[\w\-]{8,}\.[\w\-]{8,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
URL_LOGIN = re.compile(r"(?P<scheme>[A-Za-z][\w+.\-]*://)(?P<login>[^/\s@:]*(?::[^/\s@]*)?)@")

# Files that hold credentials by convention: inputs by name only.
CREDENTIAL_FILES = (
    ".netrc", "_netrc", ".pgpass", ".pypirc", ".npmrc", ".git-credentials", ".aws/credentials",
    ".aws/config", ".docker/config.json", ".kube/config", ".ssh/id_rsa", ".ssh/id_ed25519",
    ".ssh/id_ecdsa", ".huggingface/token", "huggingface/token", "huggingface/stored_tokens",
    ".kaggle/kaggle.json", "kaggle.json", ".config/gcloud/application_default_credentials.json",
    ".env", ".azure/accessTokens.json", ".databrickscfg", ".cdsapirc", ".boto", ".s3cfg",
)  # fmt: skip
_CREDENTIAL_NAMES = frozenset(name.rpartition("/")[2] for name in CREDENTIAL_FILES)


def is_secret_name(name: str) -> bool:
    """Say whether a variable or option of that name holds a secret.

    >>> [is_secret_name(n) for n in ("MY_API_KEY", "authToken", "MONKEY", "TOKENIZERS_PARALLELISM")]
    [True, True, False, False]
    """
    return bool(SECRET_NAME.search(name)) and not HARMLESS_NAME.search(name)


def is_secret_value(value: str) -> bool:
    """Say whether `value` has the form of an issued credential."""
    return bool(SECRET_VALUE.search(value))


def is_credential_file(path: str) -> bool:
    """Say whether a file of that path holds credentials by convention.

    >>> is_credential_file("/home/me/.netrc"), is_credential_file("/data/x.netrc")
    (True, False)
    """
    if path.rpartition("/")[2] not in _CREDENTIAL_NAMES:
        return False
    return any(path == name or path.endswith("/" + name) for name in CREDENTIAL_FILES)


def redacted(text: str) -> str:
    """Return `text` without issued credentials and without logins in URLs.

    >>> redacted("https://me:pw@host/x")
    'https://<redacted>@host/x'
    """
    text = URL_LOGIN.sub(lambda match: f"{match['scheme']}{REDACTED}@", text)
    return SECRET_VALUE.sub(REDACTED, text)


def redacted_argv(argv: Sequence[str]) -> tuple[str, ...]:
    """Return `argv` without values of options whose name speaks of a secret.

    >>> redacted_argv(["x.py", "--api-key", "abc", "--token=t", "--lr", "1"])
    ('x.py', '--api-key', '<redacted>', '--token=<redacted>', '--lr', '1')
    """
    result, hide = [], False
    for word in argv:
        name, equals, _ = word.partition("=")
        if hide and not word.startswith("--"):
            result.append(REDACTED)
            hide = False
        elif equals and _names_a_secret(name):
            result.append(f"{name}={REDACTED}")
        else:
            hide = bool(OPTION_NAME.match(word))
            result.append(redacted(word))
    return tuple(result)


def _names_a_secret(name: str) -> bool:
    if name.startswith("-"):
        return bool(OPTION_NAME.match(name))
    return is_secret_name(name)


def redacted_variables(variables: Mapping[str, str]) -> dict[str, str | None]:
    """Return `variables`, None in place of those that hold a secret by their name or value."""
    return {
        name: None if is_secret_name(name) or redacted(value) != value else value
        for name, value in variables.items()
    }
