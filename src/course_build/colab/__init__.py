"""What the notebooks meet on Colab."""
