"""How the compact age model was made; imported by nothing that users run."""
