"""The driving-stress study of Taamneh et al. 2017, in both of its layouts."""
