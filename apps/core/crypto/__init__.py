"""Keys and what is encrypted or signed with them: keyring, cipher, blind index, encrypted streams and files,
object storage, signatures."""
