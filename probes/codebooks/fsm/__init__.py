"""TokFSM: a language whose every state is known, to hold codes against what they should mean."""
