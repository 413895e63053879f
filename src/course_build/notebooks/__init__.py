"""The notebooks: run them, check them, hand them out, and make pages of them."""
