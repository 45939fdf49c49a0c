# $data: time; lag p99.9 in ms; share of a core that the busiest worker used. lag_limit in ms, cpu_limit as a share
set multiplot
set tmargin at screen 1 - 30.0 / height
set bmargin at screen 0.6
@latency_tics
set logscale y
set yrange [y_low:y_high]
set ylabel 'own delay' textcolor rgb '#000000'
@no_time_tics
set arrow from graph 0, first lag_limit to graph 1, first lag_limit nohead linewidth 1.2 dashtype 2 linecolor rgb '#d55e00'
plot $data using 1:2 with lines linetype 1 title 'lag p99.9', \
    NaN with lines linetype 2 dashtype 2 title 'limit'
unset arrow
unset logscale y
set tmargin at screen 0.44
set bmargin at screen bottom
set yrange [0:1.05]
set ytics ('0' 0, '50 %%' 0.5, '100 %%' 1)
set ylabel 'CPU'
@time_tics
@time_name
set arrow from graph 0, first cpu_limit to graph 1, first cpu_limit nohead linewidth 1.2 dashtype 2 linecolor rgb '#d55e00'
plot $data using 1:3 with filledcurves y1=0 linecolor rgb '#56b4e9' title 'busiest worker, of a core', \
    NaN with lines linetype 2 dashtype 2 title 'limit'
unset multiplot
