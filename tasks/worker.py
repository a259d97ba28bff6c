"""The task worker: carries out at once what the console hands over with `.delay()`."""

from prefect.task_worker import serve

from tasks.outbox import deliver


def main() -> None:
    """Serve the background tasks until the process is told to stop."""
    serve(deliver)


if __name__ == "__main__":
    main()
