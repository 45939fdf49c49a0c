# Before every plot. The program puts numbers before this file: width, height, x_end, x_step (seconds), bands, band_from[],
# band_to[], doubts, doubt_from[], doubt_to[], the data block $data, and shown[]: whether a column of it has anything to show.
# Nothing else of a run reaches gnuplot.
#
# Colours are those of Okabe and Ito; the page maps each to one that suits its theme, so only these may be used:
# #000000 text, #ffffff the page, #808080 axes, #c8c8c8 grid, #fff0c2 bands, #c00000 doubt.
set encoding utf8
set terminal svg size width, height dynamic noenhanced font 'sans-serif,13'
set border 3 linewidth 1 linecolor rgb '#808080'
set tics nomirror out scale 0.6 textcolor rgb '#000000'
set grid ytics linetype 1 linewidth 0.7 linecolor rgb '#c8c8c8'
set key at graph 0, graph 1.01 left bottom horizontal maxrows 1 Left reverse samplen 2 textcolor rgb '#000000' noautotitle
set style fill solid 1 noborder
# Margins hold the longest numbers and the name of an axis: gnuplot leaves out what does not fit, without a word.
bottom = 58.0 / height
set lmargin at screen 104.0 / width
set tmargin at screen 1 - 30.0 / height
set bmargin at screen bottom
set rmargin at screen 1 - 32.0 / width

set linetype 1 linecolor rgb '#0072b2' linewidth 1.8 dashtype 1
set linetype 2 linecolor rgb '#d55e00' linewidth 1.8 dashtype 1
set linetype 3 linecolor rgb '#009e73' linewidth 1.8 dashtype 1
set linetype 4 linecolor rgb '#e69f00' linewidth 1.8 dashtype 1
set linetype 5 linecolor rgb '#cc79a7' linewidth 1.8 dashtype 1
set linetype 6 linecolor rgb '#56b4e9' linewidth 1.8 dashtype 1

# Time: minutes and seconds, hours and minutes, or days. time_tics and time_name are run where an axis has its labels, no_time_tics where it
# has none.
set xrange [0:x_end]
x_day = 86400.0
x_days = x_end >= 4 * x_day
x_title = x_days ? 'days' : x_end >= 5400 ? 'hours:minutes' : 'minutes:seconds'
time_tics = sprintf('set xtics 0, %g time format "%s"', x_step, x_end >= 5400 ? '%tH:%tM' : '%tM:%tS')
no_time_tics = sprintf("set xtics 0, %g format ''", x_step)
if (x_days) {
    time_tics = "set xtics ('0' 0"
    do for [i = 1:int(x_end / x_step)] {
        time_tics = time_tics . sprintf(", '%g' %.0f", i * x_step / x_day, i * x_step)
    }
    time_tics = time_tics . ')'
}
time_name = "set xlabel x_title offset 0, 0.6 textcolor rgb '#000000'"
@time_tics

# What the scenario did lies behind the curves; what cannot be trusted is hatched.
do for [i = 1:bands] {
    set object rectangle from first band_from[i], graph 0 to first band_to[i], graph 1 behind fillcolor rgb '#fff0c2' fillstyle solid 1 noborder
}
do for [i = 1:doubts] {
    set object rectangle from first doubt_from[i], graph 0 to first doubt_to[i], graph 1 front fillcolor rgb '#c00000' fillstyle transparent pattern 4 noborder
}

# A column of $data, and its place in the key, if there is anything in it.
v(k) = shown[k] ? column(k) : NaN
name(k, title) = shown[k] ? title : ''

# The step of an axis from 0 to the given number, for a plot that is not high: 1, 2 or 5 times a power of ten, and at most five of them.
tens(x) = 10.0 ** floor(log10(x))
round_up(x) = tens(x) * (x <= tens(x) ? 1 : x <= 2 * tens(x) ? 2 : x <= 5 * tens(x) ? 5 : 10)
step(most) = round_up(most / 5.0)

# Durations in milliseconds on a logarithmic axis.
latency_tics = "set ytics ('1 us' 1e-3, '10 us' 1e-2, '100 us' 0.1, '1 ms' 1, '10 ms' 10, '100 ms' 100, '1 s' 1e3, '10 s' 1e4, '100 s' 1e5, '1000 s' 1e6, '10 000 s' 1e7, '100 000 s' 1e8, '10^6 s' 1e9)"
