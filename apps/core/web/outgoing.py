"""What leaves for other systems: over TLS 1.3, to who shows a certificate that the machine trusts (R4)."""

import ssl
from functools import cache


@cache
def tls() -> ssl.SSLContext:
    """Of every request that Hegui makes by itself. An authority of one's own is trusted where OpenSSL looks (`SSL_CERT_FILE`)."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context
