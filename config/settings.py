"""The one settings file. Production is the default; the demo relaxes it, on loopback only.

Read from the environment with django-environ (`config.variables`); reading them writes nothing. Without
DATABASE_URL the embedded PostgreSQL and Redis of `config.embedded` are used, with the secrets that
`manage.py` makes before the first start.
"""

import hashlib
import secrets
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.privacy import logs
from apps.core.privacy.error_delivery import report_to_sentry
from config.embedded import Services
from config.first_start import BASE_DIR, IS_PACKAGED, PACKAGED, home, kept_secret
from config.storage import stored_files
from config.variables import POSTGRESQL, Variables

env = Variables()

FILES = PACKAGED if IS_PACKAGED else BASE_DIR
env.absolute("HEGUI_HOME")
HEGUI_HOME = home()
postgres_bin = env.str("HEGUI_POSTGRES_BIN", "")
EMBEDDED = None if env.str("DATABASE_URL", "") else Services(HEGUI_HOME, postgres_bin)
# A demo database says so itself: `manage.py demo` leaves this mark beside an embedded one.
DEMO = env.bool("HEGUI_DEMO", False) or (EMBEDDED is not None and (HEGUI_HOME / "demo").exists())
DEBUG = False
# The gateway of short messages: POST {"to", "text"} with a bearer key.
HEGUI_SMS_URL = env.str("HEGUI_SMS_URL", "")
HEGUI_SMS_KEY = env.str("HEGUI_SMS_KEY", "")
# The largest recording that is taken; a class that hears what was said (apps.quality.speech).
HEGUI_RECORDING_MB = env.whole("HEGUI_RECORDING_MB", 256, 1, 4096)
# Whether the trained reader may learn from what reviewers say of its advice (`train_reader --with-reviews`),
# and the file of its own head.
HEGUI_LEARN_FROM_REVIEWS = env.bool("HEGUI_LEARN_FROM_REVIEWS", False)
HEGUI_READER_HEAD = env.str("HEGUI_READER_HEAD", "")
# A third reader of scripts: a model behind an OpenAI-compatible address of one's own, as
# https://models.company.cn/v1.
HEGUI_THIRD_READER_URL = env.str("HEGUI_THIRD_READER_URL", "")
HEGUI_THIRD_READER_MODEL = env.str("HEGUI_THIRD_READER_MODEL", "")
HEGUI_THIRD_READER_KEY = env.str("HEGUI_THIRD_READER_KEY", "")
# A folder with a model of sherpa-onnx; the threads that hear a recording; on which channel of two the agent
# speaks.
HEGUI_SPEECH_MODEL = env.str("HEGUI_SPEECH_MODEL", "")
HEGUI_SPEECH_THREADS = env.whole("HEGUI_SPEECH_THREADS", 1, 1, 64)
HEGUI_SPEECH_AGENT_CHANNEL = env.one_of("HEGUI_SPEECH_AGENT_CHANNEL", "left", "right")
HEGUI_SPEECH_TO_TEXT = env.str(
    "HEGUI_SPEECH_TO_TEXT", "apps.quality.sherpa.SherpaOnnx" if HEGUI_SPEECH_MODEL else ""
)
# Webhooks go to no address inside the network, but for these (CIDR): a receiver of one's own.
HEGUI_WEBHOOK_NETWORKS = env.networks("HEGUI_WEBHOOK_NETWORKS")
offset = env.int("HEGUI_DEMO_CLOCK_OFFSET", 0)
DEMO_CLOCK_OFFSET = timedelta(seconds=offset if DEMO else 0)

# -- secrets

HEGUI_KEYRING = env.str("HEGUI_KEYRING", "")
HEGUI_KEYRING_FILE = Path(env.absolute("HEGUI_KEYRING_FILE", HEGUI_HOME / "keyring.json"))


# Without one the site does not start (`hegui.E020`). Commands that only look at code do with one that nobody
# keeps.
SECRET_KEY = env.str("HEGUI_SECRET_KEY", "") or (kept_secret(HEGUI_HOME / "secret_key") if EMBEDDED else "")
HAS_SECRET_KEY = bool(SECRET_KEY) or EMBEDDED is not None
SECRET_KEY = SECRET_KEY or secrets.token_urlsafe(64)
# django-encrypted-model-fields wants a Fernet key at import. Our fields never use its cipher:
# a key that nobody keeps makes sure that nothing else does either.
FIELD_ENCRYPTION_KEY = Fernet.generate_key()

# -- services

DATABASES = {"default": env.db_url_config("postgres:///") if EMBEDDED else env.database("DATABASE_URL")}
if EMBEDDED:
    DATABASES["default"].update(EMBEDDED.database)
DATABASES["default"].update(
    ENGINE="django.db.backends.postgresql",
    CONN_MAX_AGE=None,
    CONN_HEALTH_CHECKS=True,
    DISABLE_SERVER_SIDE_CURSORS=True,  # PgBouncer in transaction mode
)
if EMBEDDED is None:  # a database that is away is found out, not waited for
    for option, value in {
        "connect_timeout": 5,
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
    }.items():
        DATABASES["default"].setdefault("OPTIONS", {}).setdefault(option, value)
# Cursors prepare nothing by themselves (psycopg would, after some runs); core.database.prepared_statements
# does, unless a pooler hands out a server for each transaction.
DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = None
POOLED_BY_TRANSACTION = env.one_of("HEGUI_POOLER", "", "transaction") == "transaction"
REDIS_URL = EMBEDDED.redis_url if EMBEDDED else env.redis("REDIS_URL")
# TLS 1.3 with a verified certificate, whatever the address leaves out (R4).
REDIS_TLS = {
    "ssl_cert_reqs": ssl.CERT_REQUIRED,
    "ssl_check_hostname": True,
    "ssl_min_version": ssl.TLSVersion.TLSv1_3,
}
# Counters of sign-in attempts live in the database, so that pages go on when Redis is away.
# So many that nobody pushes out the counter of a name by trying others; `forget-attempts` deletes those that
# are over.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 200_000},
    }
}
EMAIL_URL = env.str("EMAIL_URL", "")
vars().update(env.mail("EMAIL_URL"))
EMAIL_TIMEOUT = 10
# the address of the site, for links in e-mails: https://hegui.example.cn
HEGUI_URL = env.str("HEGUI_URL", "")
# who is notified of errors of the site
ADMINS = [(address, address) for address in env.mailboxes("HEGUI_ADMINS")]
SERVER_EMAIL = DEFAULT_FROM_EMAIL = env.mailbox("HEGUI_EMAIL_FROM", "hegui@localhost")

# after which Redis hands out again what nobody acknowledged
HEGUI_VISIBILITY_SECONDS = env.whole("HEGUI_VISIBILITY_SECONDS", 3600, 1, 7 * 24 * 3600)

# What a restore may not forget: best on another disk than the database and its backups.
# a folder, or postgresql://… of another database: for more than one host
ledger = env.str("HEGUI_LEDGER", "")
ledger = env.address("HEGUI_LEDGER", *POSTGRESQL) if "://" in ledger else env.absolute("HEGUI_LEDGER")
HEGUI_LEDGER: Path | str = ledger if "://" in ledger else Path(ledger or HEGUI_HOME / "ledger")
# a folder, or s3://bucket/folder?endpoint=https://…
backups = env.str("HEGUI_BACKUPS", "")
HEGUI_BACKUPS = backups if "://" in backups else env.absolute("HEGUI_BACKUPS", HEGUI_HOME / "backups")
HEGUI_BACKUP_KEY_FILE = env.absolute("HEGUI_BACKUP_KEY_FILE")

# Encrypted files: a folder (file://…), or a bucket: s3://bucket/folder?endpoint=https://…&region=…, its keys
# as boto3 finds them.
storage = urlsplit(env.address("HEGUI_STORAGE_URL", "file", "s3") or f"file://{HEGUI_HOME / 'media'}")
MEDIA_ROOT = Path(storage.path if storage.scheme == "file" else HEGUI_HOME / "media")
STORAGES: dict[str, dict[str, Any]] = {
    "default": stored_files(storage),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["apps.core.documents.uploading.EncryptingUploadHandler"]

# -- rooms

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "config.apps.StaticFiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "auditlog",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_filters",
    "django_htmx",
    "django_tables2",
    "encrypted_model_fields",
    "guardian",
    "ninja",
    "pgtrigger",
    "apps.core",
    "apps.accounts",
    "apps.ui",
    "apps.audit",
    "apps.notifications",
    "apps.access",
    "apps.jobs",
    "apps.webhooks",
    "apps.policies",
    "apps.contacts",
    "apps.scripts",
    "apps.optouts",
    "apps.campaigns",
    "apps.calls",
    "apps.quality",
    "apps.telephony",
    "apps.rights",
    "apps.sharing",
    "apps.retention",
    "apps.evidence",
    "apps.governance",
    "apps.console",
]
# No part of a site with a database of its own: the demo (before the console: its `up` does more) and the
# benchmarks.
if EMBEDDED is not None or DEMO:
    INSTALLED_APPS.insert(INSTALLED_APPS.index("apps.console"), "apps.demo")
if EMBEDDED is not None and not IS_PACKAGED:
    INSTALLED_APPS.append("apps.bench")
MIDDLEWARE = [
    "apps.core.web.proxies.BehindProxies",
    "apps.core.web.operations.SeenFromOutside",
    "apps.core.web.request_ids.NumbersRequests",
    "apps.core.web.middleware.SchemaFirst",
    "django.middleware.security.SecurityMiddleware",
    "apps.core.web.middleware.MachinesFirst",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
    "apps.accounts.middleware.SignInRequired",
    "apps.accounts.middleware.SecondFactorRequired",
    "apps.core.web.middleware.SentencesForErrors",
    "apps.ui.drafts.DraftsSent",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [FILES / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.console.navigation.shell",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
FILTERS_EMPTY_CHOICE_LABEL = pgettext_lazy("nothing chosen in a filter", "any")
DJANGO_TABLES2_TEMPLATE = "_table.html"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- people

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None
GUARDIAN_RAISE_403 = True
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_REDIRECT_URL = "home"
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "apps.accounts.adapter.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key", "reauthenticate": "10/m/user"}
SESSION_COOKIE_AGE = 12 * 3600
SESSION_ENGINE = "apps.accounts.sessions"
SESSION_SERIALIZER = "apps.accounts.sessions.EncryptedSerializer"
SESSION_IDLE_SECONDS = 30 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
USERSESSIONS_TRACK_ACTIVITY = False
MFA_ADAPTER = "apps.accounts.adapter.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Hegui"
# Passkeys want https; a demo on loopback has none.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO
# Whom a second factor is demanded of. A demo's buttons could not be walked through with one.
SECOND_FACTOR_DEMANDED = not DEMO
# Company sign-in: an OpenID Connect provider, for people that an admin has made here already.
SOCIALACCOUNT_ADAPTER = "apps.accounts.adapter.CompanySignIn"
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
HEGUI_OIDC_SERVER = env.str("HEGUI_OIDC_SERVER", "")
issuer = hashlib.sha256(HEGUI_OIDC_SERVER.rstrip("/").encode()).hexdigest()[:8]
company = {
    # The provider's name in the tables holds the issuer: the same subject of another issuer is another
    # person.
    "provider_id": f"company-{issuer}",
    "name": env.str("HEGUI_OIDC_NAME", "OpenID Connect"),
    "client_id": env.str("HEGUI_OIDC_CLIENT_ID", ""),
    "secret": env.str("HEGUI_OIDC_SECRET", ""),
    "settings": {"server_url": HEGUI_OIDC_SERVER, "oauth_pkce_enabled": True},
}
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [company] if HEGUI_OIDC_SERVER else []}}

# -- transport and browser

ALLOWED_HOSTS = env.hosts("HEGUI_ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"] if EMBEDDED else [])
HEGUI_TLS_CERT = env.absolute("HEGUI_TLS_CERT")
HEGUI_TLS_KEY = env.absolute("HEGUI_TLS_KEY")
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT = not DEMO
SECURE_HSTS_SECONDS = 0 if DEMO else 365 * 24 * 3600
# Off by default: other names below the site's, and lists that browsers carry, are the owner's to decide.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HEGUI_HSTS_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = env.bool("HEGUI_HSTS_PRELOAD", False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# Proxies whose word about the client counts (X-Forwarded-For, X-Forwarded-Proto): address ranges.
HEGUI_TRUSTED_PROXIES = env.networks("HEGUI_TRUSTED_PROXIES")
# Who may read /metrics: whoever sends the token as a bearer, or comes from these ranges.
HEGUI_METRICS_TOKEN = env.str("HEGUI_METRICS_TOKEN", "")
HEGUI_METRICS_NETWORKS = env.networks("HEGUI_METRICS_NETWORKS", ("127.0.0.0/8", "::1/128"))
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_USE_SESSIONS = False
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        # the wave form brings a style of its own; pages that show none name no nonce
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
DEFAULT_EXCEPTION_REPORTER_FILTER = "apps.core.privacy.error_reports.HidesEverything"

# -- languages and time

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [FILES / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = USE_I18N = True

# -- static files: ours, and folders of node_modules

STATIC_URL = "static/"
STATIC_ROOT = PACKAGED / "static" if IS_PACKAGED else HEGUI_HOME / "static"  # a package brings them collected
NODE_MODULES = BASE_DIR / "node_modules"
STATICFILES_DIRS = (
    []
    if IS_PACKAGED
    else [
        BASE_DIR / "static",
        ("tabler/css", NODE_MODULES / "@tabler/core/dist/css"),
        ("tabler/js", NODE_MODULES / "@tabler/core/dist/js"),
        ("tabler/icons", NODE_MODULES / "@tabler/icons-webfont/dist"),
        ("wavesurfer", NODE_MODULES / "wavesurfer.js/dist"),
        ("echarts", NODE_MODULES / "echarts/dist"),
    ]
)
WHITENOISE_MANIFEST_STRICT = True

# -- trail and logs

AUDITLOG_INCLUDE_ALL_MODELS = False
AUDITLOG_DISABLE_REMOTE_ADDR = False
logs.configure()
LOGGING_CONFIG = "logging.config.dictConfig"
level = env.one_of("HEGUI_LOG_LEVEL", "info", "debug", "warning", "error", "critical")
LOGGING = logs.logging_config(level.upper())

if dsn := env.address("HEGUI_SENTRY_DSN", "https", "http"):
    try:
        report_to_sentry(dsn)
    except ValueError:
        env.unreadable["HEGUI_SENTRY_DSN"] = "it is no address of a Sentry project"

PORT = env.whole("PORT", 8000, 1, 65535)
HEGUI_HOST = env.ip("HEGUI_HOST", "127.0.0.1")  # what `run web` listens on
# How much of each host runs: web processes and the threads of each; processes of the workers for short work
# and for long.
HEGUI_WEB_PROCESSES = env.whole("HEGUI_WEB_PROCESSES", 2, 1, 64)
HEGUI_WEB_THREADS = env.whole("HEGUI_WEB_THREADS", 8, 2, 64)
HEGUI_WORKERS = env.whole("HEGUI_WORKERS", 2, 1, 64)
HEGUI_HEAVY_WORKERS = env.whole("HEGUI_HEAVY_WORKERS", 1, 1, 64)
HEGUI_SPEECH_WORKERS = env.whole("HEGUI_SPEECH_WORKERS", 1, 1, 64)

# What the checks tell of the environment.
MISSPELT_VARIABLES, UNREADABLE_VARIABLES = env.misspelt(), env.unreadable
