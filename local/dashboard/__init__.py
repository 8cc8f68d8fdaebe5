"""The dashboard on the desk: does what CloudWatch does with EMF lines, and draws the template's dashboard of it."""
