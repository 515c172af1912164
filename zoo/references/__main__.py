import sys

from ._recompute import main


sys.exit(main())
