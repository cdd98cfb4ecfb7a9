"""Every number that the README or a model card states is printed by a command here."""
