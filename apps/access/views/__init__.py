"""Pages of people, of their rights and of the audits of rights."""
