export OPENBLAS_NUM_THREADS=1
for N in 10 50 200; do timeout 120 ./grid NT qf relu 0 $N 100 20000 0.0025 0.0075 0.025 0.075 0.25; done
for N in 10 50; do for p in qf mg; do timeout 120 ./grid NT $p tanh 0.5 $N 100 4000;  done;  timeout 120 ./grid NT mg relu 0 $N 100 4000; timeout 120 ./grid NT cubic "hermite(3)" 0 $N 100 4000; done
