"""What tools/bench consists of.

launch      starts programs, alone or under mpirun, and measures what each process took
figures     numbers of several runs, their reference and target; tables
session     what all suites of one call share; runs variants in turn
phold, fleet, sweep, cost_model, merge, scaling, micro: the suites
other_engines   PHOLD on ROSS and SST, where paths to them are given
files       figures as JSON, and the comparison of two files
main        the command line
"""
