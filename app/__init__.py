"""idealo Bridge: carries orders between idealo's marketplace checkout and a merchant's shop."""
