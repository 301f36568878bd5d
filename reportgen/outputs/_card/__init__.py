"""What the model card and the bill of materials share: names that other programs know things by."""
