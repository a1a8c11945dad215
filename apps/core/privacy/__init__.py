"""Values of persons: the protected value and its fields, masks, telephone numbers, forbidden numbers, free
text, masking of logs."""
