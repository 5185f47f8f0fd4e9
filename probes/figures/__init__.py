"""Pictures: functions from a Result to a chart, which compute nothing but their marks; only here is altair imported."""
