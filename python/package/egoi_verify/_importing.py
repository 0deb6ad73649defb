"""Why the native module cannot be imported, where Python's own words do not say it."""


def explained(error: ImportError, loader: object) -> ImportError:
    """An error with words for the person who installs the package, or the same error.

    Args:
        error: The error of the import.
        loader: What loaded the package.
    """
    if type(loader).__name__ == "zipimporter":
        return ImportError(
            "egoi_verify has a native library, which Python cannot load from a zip file: install the package in a "
            "folder, outside of the zipapp"
        )
    if "subinterpreter" in str(error):
        return ImportError(
            "egoi_verify works in an interpreter that shares the main one's lock, and this one has its own: call it in "
            "the main interpreter. mod_wsgi runs an application there with `WSGIApplicationGroup %{GLOBAL}`"
        )
    return error
