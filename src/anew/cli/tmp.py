import sys
from anew.cli.main import main
sys.exit(main())
