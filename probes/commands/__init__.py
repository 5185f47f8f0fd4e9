"""What the command line can do: a file a group of commands, each with `add(commands)`.

Only here and in `__main__` is anything printed.
"""
