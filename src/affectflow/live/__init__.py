"""A face while it is being watched: camera or file → page in the browser, and the workflow's tables.

`stream` takes one picture after the other, `recorder` writes what was seen as
the stages would, `desk` ties both to the page's requests, `server` and `page`
put them on a port of this machine.
"""
