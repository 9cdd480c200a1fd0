"""Parts of Brain-in-Jar that the runner, the coordinator and the guard share."""
