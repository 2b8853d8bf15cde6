"""What the libraries of the field read and write, most of it in C++ and Rust."""

from typing import Any

from tests.conformance.ways import Kind, Way

START = "import os, sys\nIN, OUT = '../data/in.txt', 'out.txt'\n"
CSV = {"data/t.csv": b"a,b\n1,2.5\n3,4.5\n"}
T = ("data/t.csv",)


def way(name: str, text: str, made: str = "", **more: Any) -> Way:
    """Return a way; `made` is Python that makes its files in `data/` beforehand."""
    modules = (name.partition(",")[0].partition(" ")[0], *more.pop("also", ()))
    if made:
        more["prepare"] = f"cd data; python - <<'E'\n{made}\nE\n"
    return Way("libraries", name, Kind.PYTHON, START + text + "\n",
               needs=tuple(f"module:{module}" for module in modules), **more)  # fmt: skip


ARRAYS = "import numpy as np\nnp.save('a.npy', np.arange(4))\nnp.savez('a.npz', x=np.arange(4))\n"
FRAME = "import pandas as pd\nf = pd.DataFrame({'a': [1, 3], 'b': [2.5, 4.5]})\n"
PARQUET = FRAME + "f.to_parquet('t.parquet')\n"
HDF = "import h5py\nwith h5py.File('t.h5', 'w') as f: f['x'] = [1, 2, 3]\n"
SPLIT = {f"data/parts/{n}.csv": b"a,b\n%d,1\n" % n for n in range(3)}
TREES = {"data/train.csv": b"".join(b"%d,%d,%d\n" % (i % 2, i, i * 7 % 5) for i in range(60))}

NUMPY = [
    way("numpy, load and save", "import numpy as np\nnp.save('out.npy', np.load('../data/a.npy') + 1)", ARRAYS, reads=("data/a.npy",)),
    way("numpy, load mapped", "import numpy as np\nnp.save('out.npy', np.load('../data/a.npy', mmap_mode='r') + 1)", ARRAYS, reads=("data/a.npy",)),
    way("numpy, load mapped and written", "import numpy as np\nm = np.load('../data/a.npy', mmap_mode='r+')\nnp.save('out.npy', m)\nm[0] = 99\nm.flush()", ARRAYS, reads=("data/a.npy",)),
    way("numpy, memmap", "import numpy as np\nm = np.memmap(IN, mode='r')\no = np.memmap('out.bin', mode='w+', shape=14, dtype='u1')\no[:] = m\no.flush()"),
    way("numpy, memmap over an input", "import numpy as np\nm = np.memmap(IN, mode='r+')\nm[0] = 65\ndel m"),
    way("numpy, npz", "import numpy as np\nopen(OUT, 'w').write(str(np.load('../data/a.npz')['x'].sum()))", ARRAYS, reads=("data/a.npz",)),
    way("numpy, fromfile and tofile", "import numpy as np\nnp.fromfile(IN, 'u1').tofile('out.bin')"),
    way("numpy, loadtxt and savetxt", "import numpy as np\nnp.savetxt(OUT, np.loadtxt('../data/t.csv', delimiter=',', skiprows=1))", files=CSV, reads=T),
    way("numpy, genfromtxt", "import numpy as np\nopen(OUT, 'w').write(repr(np.genfromtxt('../data/t.csv', delimiter=',', names=True)))", files=CSV, reads=T),
]  # fmt: skip
PANDAS = [
    way("pandas, read_csv in C", "import pandas as pd\npd.read_csv('../data/t.csv').to_csv('out.csv')", files=CSV, reads=T),
    way("pandas, read_csv mapped", "import pandas as pd\npd.read_csv('../data/t.csv', memory_map=True).to_json('out.json')", files=CSV, reads=T),
    way("pandas, read_csv by pyarrow", "import pandas as pd\npd.read_csv('../data/t.csv', engine='pyarrow').to_csv('out.csv')", files=CSV, reads=T, also=("pyarrow",)),
    way("pandas, parquet", "import pandas as pd\npd.read_parquet('../data/t.parquet').to_parquet('out.parquet')", PARQUET, reads=("data/t.parquet",), also=("pyarrow",)),
    way("pandas, feather and pickle", "import pandas as pd\npd.read_feather('../data/t.feather').to_pickle('out.pkl')", FRAME + "f.to_feather('t.feather')", reads=("data/t.feather",), also=("pyarrow",)),
    way("pandas, excel", "import pandas as pd\npd.read_excel('../data/t.xlsx').to_csv('out.csv')", FRAME + "f.to_excel('t.xlsx', index=False)", reads=("data/t.xlsx",), also=("openpyxl",)),
    way("pandas, hdf", "import pandas as pd\npd.read_hdf('../data/t.h5', 'k').to_csv('out.csv')", FRAME + "f.to_hdf('t.h5', key='k')", reads=("data/t.h5",), also=("tables",)),
    way("pandas, read_sql", "import pandas as pd, sqlite3\npd.read_sql('select * from t', sqlite3.connect('../data/a.db')).to_csv('out.csv')", "import sqlite3\nc = sqlite3.connect('a.db')\nc.execute('create table t(x)')\nc.execute('insert into t values(42)')\nc.commit()", reads=("data/a.db",)),
    way("pandas, read_xml", "import pandas as pd\npd.read_xml('../data/t.xml').to_csv('out.csv')", files={"data/t.xml": b"<r><x><a>1</a></x><x><a>2</a></x></r>"}, reads=("data/t.xml",), also=("lxml",)),
]  # fmt: skip
TABLES = [
    way("pyarrow, parquet", "import pyarrow.parquet as q\nq.write_table(q.read_table('../data/t.parquet'), 'out.parquet')", PARQUET, reads=("data/t.parquet",), also=("pandas",)),
    way("pyarrow, parquet mapped", "import pyarrow.parquet as q\nopen(OUT, 'w').write(str(q.read_table('../data/t.parquet', memory_map=True)))", PARQUET, reads=("data/t.parquet",), also=("pandas",)),
    way("pyarrow, memory_map", "import pyarrow as pa\nopen(OUT, 'wb').write(pa.memory_map(IN).read())"),
    way("pyarrow, memory_map written", "import pyarrow as pa\nm = pa.create_memory_map('out.bin', 14)\nm.write(pa.OSFile(IN).read())\nm.close()"),
    way("pyarrow, dataset", "import pyarrow.dataset as d\nopen(OUT, 'w').write(str(d.dataset('../data/parts', format='csv').to_table().sort_by('a')))", files=SPLIT, reads=tuple(SPLIT)),
    way("pyarrow, csv and ipc", "import pyarrow as pa, pyarrow.csv as c\nt = c.read_csv('../data/t.csv')\nwith pa.OSFile('out.arrow', 'wb') as s, pa.ipc.new_file(s, t.schema) as w: w.write_table(t)", files=CSV, reads=T),
    way("pyarrow, json", "import pyarrow.json as j\nopen(OUT, 'w').write(str(j.read_json('../data/t.jsonl')))", files={"data/t.jsonl": b'{"a": 1}\n{"a": 2}\n'}, reads=("data/t.jsonl",)),
    way("polars, csv", "import polars as pl\npl.read_csv('../data/t.csv').write_csv('out.csv')", files=CSV, reads=T),
    way("polars, lazy csv", "import polars as pl\npl.scan_csv('../data/parts/*.csv').collect().sort('a').write_csv('out.csv')", files=SPLIT, reads=tuple(SPLIT)),
    way("polars, parquet", "import polars as pl\npl.read_parquet('../data/t.parquet').write_json('out.json')", PARQUET, reads=("data/t.parquet",), also=("pandas", "pyarrow")),
    way("polars, sunk", "import polars as pl\npl.scan_csv('../data/t.csv').sink_csv('out.csv')", files=CSV, reads=T),
    way("duckdb, csv", "import duckdb\nduckdb.sql(\"copy (select sum(a) from '../data/t.csv') to 'out.csv'\")", files=CSV, reads=T),
    way("duckdb, parquet", "import duckdb\nopen(OUT, 'w').write(repr(duckdb.sql(\"select * from '../data/t.parquet'\").fetchall()))", PARQUET, reads=("data/t.parquet",), also=("pandas", "pyarrow")),
    way("duckdb, its own file", "import duckdb\nopen(OUT, 'w').write(repr(duckdb.connect('../data/a.duckdb', read_only=True).sql('select * from t').fetchall()))", "import duckdb\nc = duckdb.connect('a.duckdb')\nc.sql('create table t as select 42 x')\nc.close()", reads=("data/a.duckdb",)),
    way("h5py", "import h5py\nopen(OUT, 'w').write(str(h5py.File('../data/t.h5')['x'][:].sum()))\nwith h5py.File('out.h5', 'w', track_order=False) as f: f.create_dataset('y', data=[1], track_times=False)", HDF, reads=("data/t.h5",)),
    way("h5py, stdio driver", "import h5py\nopen(OUT, 'w').write(str(h5py.File('../data/t.h5', driver='stdio')['x'][:].sum()))", HDF, reads=("data/t.h5",)),
    way("h5py, core driver", "import h5py\nopen(OUT, 'w').write(str(h5py.File('../data/t.h5', driver='core')['x'][:].sum()))", HDF, reads=("data/t.h5",)),
    way("h5py, appended", "import h5py\nwith h5py.File('../data/t.h5', 'a') as f: f.create_dataset('y', data=[1], track_times=False)", HDF, reads=("data/t.h5",)),
    way("h5py, external link", "import h5py\nopen(OUT, 'w').write(str(h5py.File('../data/e.h5')['l'][:].sum()))", HDF + "with h5py.File('e.h5', 'w') as f: f['l'] = h5py.ExternalLink('t.h5', '/x')\n", reads=("data/t.h5", "data/e.h5")),
    way("tables", "import tables\nopen(OUT, 'w').write(str(tables.open_file('../data/t.h5').root.x[:]))", "import tables\nf = tables.open_file('t.h5', 'w')\nf.create_array('/', 'x', [1, 2])\nf.close()", reads=("data/t.h5",)),
    way("netCDF4", "import netCDF4\nopen(OUT, 'w').write(str(netCDF4.Dataset('../data/t.nc')['x'][:]))", "import netCDF4\nd = netCDF4.Dataset('t.nc', 'w')\nd.createDimension('x', 2)\nd.createVariable('x', 'i4', ('x',))[:] = [1, 2]\nd.close()", reads=("data/t.nc",)),
    way("openpyxl", "import openpyxl\nopen(OUT, 'w').write(str(openpyxl.load_workbook('../data/t.xlsx').active['A1'].value))", "import openpyxl\nw = openpyxl.Workbook()\nw.active['A1'] = 7\nw.save('t.xlsx')", reads=("data/t.xlsx",)),
    way("lxml", "import lxml.etree as e\ne.parse('../data/t.xml').write('out.xml')", files={"data/t.xml": b"<a><b/></a>"}, reads=("data/t.xml",)),
    way("lxml, xinclude and DTD", "import lxml.etree as e\nt = e.parse('../data/t.xml', e.XMLParser(load_dtd=True))\nt.xinclude()\nt.write('out.xml')", files={"data/t.xml": b'<!DOCTYPE a SYSTEM "t.dtd"><a xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="u.xml"/></a>', "data/t.dtd": b"<!ENTITY y 'z'>", "data/u.xml": b"<u/>"}, reads=("data/t.xml", "data/t.dtd", "data/u.xml")),
]  # fmt: skip
PICTURE = "from PIL import Image\nImage.new('RGB', (4, 4), 'red').save('t.png')\nImage.new('RGB', (4, 4), 'red').save('t.jpg')\nImage.new('RGB', (4, 4)).save('t.tiff')"
PICTURES = [
    way("PIL", "from PIL import Image\nImage.open('../data/t.png').rotate(90).save('out.png')", PICTURE, reads=("data/t.png",)),
    way("PIL, jpeg and tiff", "from PIL import Image\nImage.open('../data/t.jpg').save('out.bmp')\nImage.open('../data/t.tiff').save('out.tiff')", PICTURE, reads=("data/t.jpg", "data/t.tiff")),
    way("cv2", "import cv2\ncv2.imwrite('out.png', cv2.imread('../data/t.png'))", PICTURE, reads=("data/t.png",), also=("PIL",)),
    way("cv2, FileStorage", "import cv2\nf = cv2.FileStorage('../data/t.yml', 0)\nopen(OUT, 'w').write(str(f.getNode('a').real()))", files={"data/t.yml": b"%YAML:1.0\n---\na: 1\n"}, reads=("data/t.yml",)),
    way("imageio", "import imageio.v3 as i\ni.imwrite('out.png', i.imread('../data/t.png'))", PICTURE, reads=("data/t.png",), also=("PIL",)),
    way("matplotlib", "import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as p\np.imshow(p.imread('../data/t.png'))\np.savefig('out.png', metadata={'Software': None})", PICTURE, reads=("data/t.png",), also=("PIL",)),
]  # fmt: skip
MODELS = [
    way("lightgbm", "import lightgbm as l\nb = l.train({'verbose': -1, 'num_threads': 1, 'min_data': 1}, l.Dataset('../data/train.csv'), 2)\nb.save_model('out.txt')", files=TREES, reads=tuple(TREES)),
    way("lightgbm, binary", "import lightgbm as l\nd = l.Dataset('../data/train.csv', params={'verbose': -1})\nd.save_binary('train.bin')\nb = l.train({'verbose': -1, 'num_threads': 1}, l.Dataset('train.bin'), 1)\nb.save_model('out.txt')\nos.remove('train.bin')", files=TREES, reads=tuple(TREES)),
    way("xgboost", "import xgboost as x\nx.set_config(verbosity=0)\nd = x.DMatrix('../data/train.csv?format=csv&label_column=0')\nx.train({'nthread': 1, 'verbosity': 0}, d, 2).save_model('out.json')", files=TREES, reads=tuple(TREES)),
    way("catboost", "import catboost as c\np = c.Pool('../data/train.csv', delimiter=',')\nm = c.CatBoostRegressor(iterations=2, thread_count=1, verbose=0, allow_writing_files=False)\nm.fit(p)\nopen(OUT, 'w').write(repr(m.predict(p)[:3]))", files=TREES, reads=tuple(TREES)),
    way("sklearn, svmlight", "import sklearn.datasets as d\nx, y = d.load_svmlight_file('../data/t.svm')\nd.dump_svmlight_file(x, y, OUT)", files={"data/t.svm": b"1 1:2\n0 2:3\n"}, reads=("data/t.svm",)),
    way("safetensors", "import safetensors.numpy as s\ns.save_file(s.load_file('../data/t.safetensors'), 'out.safetensors')", "import numpy as np, safetensors.numpy as s\ns.save_file({'x': np.arange(3)}, 't.safetensors')", reads=("data/t.safetensors",)),
    way("safetensors, mapped", "import safetensors\nwith safetensors.safe_open('../data/t.safetensors', 'np') as f: open(OUT, 'w').write(str(f.get_tensor('x')))", "import numpy as np, safetensors.numpy as s\ns.save_file({'x': np.arange(3)}, 't.safetensors')", reads=("data/t.safetensors",)),
    way("torch, save and load", "import torch\ntorch.save({'x': torch.load('../data/t.pt')['x'] + 1}, 'out.pt')", "import torch\ntorch.save({'x': torch.arange(3)}, 't.pt')", reads=("data/t.pt",)),
    way("torch, load mapped", "import torch\nopen(OUT, 'w').write(str(torch.load('../data/t.pt', mmap=True)['x']))", "import torch\ntorch.save({'x': torch.arange(3)}, 't.pt')", reads=("data/t.pt",)),
    way("torch, from_file", "import torch\nopen(OUT, 'w').write(str(torch.from_file(IN, dtype=torch.uint8, size=14)))"),
]  # fmt: skip
LOADER = """
import torch
class Parts(torch.utils.data.Dataset):
    def __len__(self): return 3
    def __getitem__(self, i): return float(open(f'../data/parts/{i}.csv').read()[4])
if __name__ == '__main__':
    for batch in torch.utils.data.DataLoader(Parts(), num_workers=2, multiprocessing_context='HOW'):
        print(batch, file=open(OUT, 'a'))
"""
WORK = """
import HEAD
def read(i):
    open(f'out{i}.txt', 'w').write(open(f'../data/parts/{i}.csv').read())
async def cp(i):
    import asyncio
    p = await asyncio.create_subprocess_exec('cp', f'../data/parts/{i}.csv', f'out{i}.txt')
    await p.wait()
if __name__ == '__main__':
    CALL
"""
WORKERS = [
    way(f"torch, DataLoader by {how}", LOADER.replace("HOW", how), files=SPLIT, reads=tuple(SPLIT))
    for how in ("fork", "spawn", "forkserver")
] + [
    Way("libraries", name, Kind.PYTHON, START + WORK.replace("HEAD", head).replace("CALL", call),
        files=SPLIT, reads=tuple(SPLIT), needs=needs)
    for name, head, call, needs in (
        ("multiprocessing by fork", "multiprocessing as m", "m.get_context('fork').Pool(2).map(read, range(3))", ()),
        ("multiprocessing by spawn", "multiprocessing as m", "m.get_context('spawn').Pool(2).map(read, range(3))", ()),
        ("multiprocessing by forkserver", "multiprocessing as m", "m.get_context('forkserver').Pool(2).map(read, range(3))", ()),
        ("multiprocessing, Process", "multiprocessing as m", "ps = [m.Process(target=read, args=(i,)) for i in range(3)]; [p.start() for p in ps]; [p.join() for p in ps]", ()),
        ("concurrent.futures, processes", "concurrent.futures as c", "list(c.ProcessPoolExecutor(2).map(read, range(3)))", ()),
        ("concurrent.futures, threads", "concurrent.futures as c", "list(c.ThreadPoolExecutor(2).map(read, range(3)))", ()),
        ("os.fork", "os", "[(read(i), os._exit(0)) for i in range(3) if not os.fork()]; [os.wait() for _ in range(3)]", ()),
        ("subprocess with an empty environment", "subprocess as s, sys", "[s.run([sys.executable, '-c', f'open(\"out{i}.txt\", \"w\").write(open(\"../data/parts/{i}.csv\").read())'], env={}) for i in range(3)]", ()),
        ("subprocess with close_fds and a folder", "subprocess as s", "[s.run(['cp', f'parts/{i}.csv', f'../project/out{i}.txt'], cwd='../data', close_fds=True) for i in range(3)]", ()),
        ("subprocess, streams as files", "subprocess as s", "[s.run(['cat'], stdin=open(f'../data/parts/{i}.csv'), stdout=open(f'out{i}.txt', 'w')) for i in range(3)]", ()),
        ("os.system and os.popen", "os", "[os.system(f'cat ../data/parts/{i}.csv > out{i}.txt') for i in range(2)]; open('out2.txt', 'w').write(os.popen('cat ../data/parts/2.csv').read())", ()),
        ("os.posix_spawn", "os", "[os.waitpid(os.posix_spawn('/bin/cp', ['cp', f'../data/parts/{i}.csv', f'out{i}.txt'], {}), 0) for i in range(3)]", ()),
        ("asyncio, subprocesses", "asyncio", "[asyncio.run(asyncio.wait_for(cp(i), 9)) for i in range(3)]", ()),
        ("joblib, loky", "joblib as j", "j.Parallel(2)(j.delayed(read)(i) for i in range(3))", ("module:joblib",)),
        ("joblib, threads", "joblib as j", "j.Parallel(2, prefer='threads')(j.delayed(read)(i) for i in range(3))", ("module:joblib",)),
        ("joblib, dump and load", "joblib as j", "[j.dump(open(f'../data/parts/{i}.csv').read(), f'out{i}.pkl') for i in range(3)]; j.load('out0.pkl')", ("module:joblib",)),
        ("joblib, Memory", "joblib as j", "f = j.Memory('cache', verbose=0).cache(lambda: [open(f'../data/parts/{i}.csv').read() for i in range(3)]); open(OUT, 'w').write(str(f())); import shutil; shutil.rmtree('cache')", ("module:joblib",)),
        ("subprocess, a killed child", "subprocess as s, time", "[read(i) for i in range(3)]; p = s.Popen(['sleep', '60']); p.kill(); p.wait()", ()),
    )
]  # fmt: skip
WAYS = [*NUMPY, *PANDAS, *TABLES, *PICTURES, *MODELS, *WORKERS]
